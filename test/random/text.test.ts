// Texts as seeds and as labels of forks.

import { expect, test } from 'vitest';
import { init, random } from '../../src/index.js';

/** Each lone surrogate, alone and between others; the replacement character stands for all of them in UTF-8. */
const lone = Array.from({ length: 0x800 }, (_, i) => String.fromCharCode(0xd800 + i)).flatMap((half) => [
  half,
  `a${half}b`,
  `😀${half}`,
]);
const wellFormed = ['\ufffd', '\ud83d\ude00', 'a\ud83d\ude00b', '\udbff\udfff', '\ud7ff\ue000', ''];

const uses: [string, RegExp, (text: string) => unknown][] = [
  ['a seed of philox', /^random\.philox: seed is the string "/, (text) => random.philox(text)],
  ['a seed of threefry', /^random\.threefry: seed is the string "/, (text) => random.threefry(text)],
  ['a seed of torch', /^random\.torch: seed is the string "/, (text) => random.torch(text)],
  ['a seed of init', /^init\.normal: seed is the string "/, (text) => init.normal([2, 2], { seed: text })],
  ['a label of philox', /^random\.philox\.fork: label is the string "/, (text) => random.philox(1).fork(text)],
  ['a label of threefry', /^random\.threefry\.fork: label is the string "/, (text) => random.threefry(1).fork(text)],
];

test.each(uses)('%s is refused where it has half of a surrogate pair, and no other is', (_, message, use) => {
  const wrong = lone.filter((text) => {
    try {
      use(text);
      return true;
    } catch (error) {
      const { message: said } = error as Error;
      return !(error instanceof RangeError && message.test(said) && said.endsWith('pass a well-formed text'));
    }
  });
  expect(wrong).toEqual([]);
  for (const text of wellFormed) use(text);
});
