// The study's page, made with few networks: it loads nothing else, and says in words what it shows.

import { existsSync } from 'node:fs';
import { diagnose } from 'fanwise';
import { parseHTML } from 'linkedom';
import { chromium as engine } from 'playwright';
import { describe, expect, test } from 'vitest';
import * as activations from '../../examples/study/figures/activations.js';
import * as chaos from '../../examples/study/figures/chaos.js';
import * as dead from '../../examples/study/figures/dead.js';
import { compact, power } from '../../examples/study/figures/figure.js';
import * as gradients from '../../examples/study/figures/gradients.js';
import * as training from '../../examples/study/figures/training.js';
import { first, mnist } from '../../examples/study/mnist.js';
import { page, type Row } from '../../examples/study/page.js';
import { style } from '../../examples/study/style.js';
import { chromium } from '../browsers.js';

const digits = first(mnist().train, 50);
const measured = { activations: activations.measure(digits), chaos: chaos.measure(1, 32) };
const losses = Array.from({ length: 600 }, (_, step) => 2 / (1 + step / 50));
const rows: Row[] = [
  ['1', 'holds', 'A <b>claim</b> & "more".'],
  ['2', 'does not hold', 'Another.'],
  ['3', 'not as expected', 'A third.'],
].map(([id, verdict, claim]) => ({
  id,
  verdict,
  claim,
  how: 'So.',
  expected: '1',
  measured: '2',
  correction: id === '2' ? 'No.' : '',
}));
const html = page(
  [
    activations.figure(measured.activations),
    gradients.figure(gradients.measure(1)),
    training.figure([
      { name: 'one', published: 97, accuracy: [95.5], losses },
      { name: 'two', published: 92, accuracy: [90.25], losses: losses.map((l) => 2 * l) },
    ]),
    dead.figure(dead.measure(digits, 50, 2)),
    chaos.figure(measured.chaos),
  ],
  rows,
  true,
);
const { document } = parseHTML(html);
const all = (selector: string, within: ParentNode = document) => [...within.querySelectorAll(selector)];

test('the page needs no script and no network', () => {
  expect(all('script, link, iframe, object, embed, img, [src]')).toEqual([]);
  expect(html).not.toMatch(/@import|url\((?!#)|\son\w+=/);
  for (const a of all('[href]')) expect(a.getAttribute('href')).toMatch(/^#/);
  expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
});

test('ids are unique, and what is referred to is there', () => {
  const ids = all('[id]').map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const references = [...html.matchAll(/href="#([^"]+)"|url\(#([^)]+)\)|aria-(?:labelledby|describedby)="([^"]+)"/g)];
  expect(references.length).toBeGreaterThan(10);
  for (const [, href, url, label] of references) expect(ids).toContain(href ?? url ?? label);
});

describe('figures', () => {
  const sections = all('section').filter((section) => section.querySelector('figure'));
  test('there are five, in the order of the contents', () => {
    expect(sections.map((s) => s.getAttribute('aria-labelledby'))).toEqual(
      all('nav a')
        .map((a) => a.getAttribute('href')!.slice(1))
        .slice(0, 5),
    );
  });
  test('each has a title, a sentence, words for each picture, and its figures in tables', () => {
    for (const section of sections) {
      expect(section.querySelector('h2')!.textContent).toMatch(/^\d\. \S+/);
      expect(section.querySelector('figcaption')!.textContent).toMatch(/^.{60,}\.$/);
      expect(all('svg', section).length).toBeGreaterThan(0);
      for (const svg of all('svg', section)) {
        expect(svg.getAttribute('role')).toBe('img');
        expect(svg.getAttribute('aria-label')).toMatch(/^.{60,}\.$/);
      }
      expect(all('details table', section).length).toBeGreaterThan(0);
      for (const table of all('table', section)) {
        expect(table.querySelector('caption')!.textContent).toMatch(/\S/);
        expect(table.closest('[tabindex="0"][role="region"][aria-label]')).not.toBeNull();
        const lengths = all('tr', table).map((tr) => tr.children.length);
        expect(new Set(lengths).size).toBe(1);
      }
    }
  });
  test('no figure is missing', () => {
    for (const section of sections) expect(section.innerHTML).not.toMatch(/NaN|Infinity|undefined|null/);
  });
  test('colours are the style’s, for both schemes, and stand out', () => {
    for (const svg of all('svg'))
      for (const [, value] of svg.outerHTML.matchAll(/(?:fill|stroke)="([^"]+)"/g))
        expect(value).toMatch(/^(none|currentColor|var\(--\w+\))$/);
    const schemes = style.split('@media (prefers-color-scheme: dark)').map((css) => css.split('* {')[0]);
    expect(schemes.length).toBe(2);
    for (const css of schemes) {
      const colours = Object.fromEntries([...css.matchAll(/--(\w+): (#\w+)/g)].map(([, name, hex]) => [name, hex]));
      for (const name of ['text', 'soft', 'link', 'blue', 'orange', 'green', 'purple'])
        expect(contrast(colours[name], colours.page), name).toBeGreaterThan(4.5);
      expect(contrast(colours.faint, colours.page)).toBeGreaterThan(3);
    }
  });
});

/** WCAG's contrast of two colours. */
function contrast(a: string, b: string): number {
  const light = (hex: string) => {
    const channels = (hex.length === 4 ? hex.replace(/\w/g, '$&$&') : hex).match(/\w\w/g)!;
    const [r, g, blue] = channels.map((c) => (Number.parseInt(c, 16) / 255) ** 2.2);
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue + 0.05;
  };
  return Math.max(light(a) / light(b), light(b) / light(a));
}

test('claims are a table, narrow or wide, with a verdict in words', () => {
  const body = all('.claims tbody tr');
  expect(body.map((tr) => tr.querySelector('.verdict')!.textContent)).toEqual([
    '✓ holds',
    '✗ does not hold',
    '! not as expected',
  ]);
  expect(body[0].querySelector('strong')!.textContent).toBe('A <b>claim</b> & "more".');
  for (const tr of all('.claims tr')) {
    expect(tr.getAttribute('role')).toBe('row');
    expect(tr.children.length).toBe(6);
  }
  expect(document.querySelector('header')!.textContent).toContain(
    'Of 3 claims 1 hold as they stand, 0 with a correction, and 1 do not; 1 did not come out as expected in this run.',
  );
});

test('activations are in the state that theory says', () => {
  const states = (name: 'tanh' | 'relu', fill: string) =>
    measured.activations.cells[name].filter((cell) => cell.fill === fill).map(({ state }) => state);
  expect(states('tanh', 'unit')).toEqual(new Array(4).fill('saturated'));
  expect(states('tanh', 'lecun')).toEqual(new Array(4).fill('healthy'));
  expect(states('tanh', 'default').slice(2)).toEqual(['vanished', 'vanished']);
  expect(states('relu', 'unit').slice(1)).toEqual(new Array(3).fill('exploded'));
  expect(states('relu', 'he')).toEqual(new Array(4).fill('healthy'));
  expect(states('relu', 'xavier').slice(2)).toEqual(['vanished', 'vanished']);
});

test('the curve of chi 1 is the edge of chaos that diagnose.theory finds', () => {
  const { points } = measured.chaos.curves.find(({ chi }) => chi === 1)!;
  for (const biasVariance of [0.01, 0.05, 0.2, 0.5]) {
    const spec = { widths: [1, 1, 1], activation: 'tanh', weightVariance: 1, biasVariance } as const;
    const edge = diagnose.theory(spec).critical!.weightVariance;
    expect(chaos.at(points, biasVariance) / edge).toBeCloseTo(1, 2.5);
  }
});

test('numbers are short', () => {
  expect([0, 0.3333, 301.4, 4.71e-5, -38, 9.76e-6].map((x) => compact(x))).toEqual([
    '0',
    '0.33',
    '301',
    '4.7×10⁻⁵',
    '-38',
    '9.8×10⁻⁶',
  ]);
  expect(compact(9.76e-6, 1)).toBe('1×10⁻⁵');
  expect([0, -12, 3].map(power)).toEqual(['1', '10⁻¹²', '10³']);
});

test.skipIf(!existsSync(chromium.executablePath))('no page is wider than a phone, and nothing is refused', async () => {
  const browser = await engine.launch(chromium);
  try {
    const view = await browser.newPage({ viewport: { width: 390, height: 800 } });
    const complaints: string[] = [];
    view.on('console', (message) => complaints.push(message.text()));
    view.on('request', (request) => complaints.push(request.url()));
    await view.setContent(html);
    for (const open of [false, true]) {
      const width = await view.evaluate((value) => {
        for (const details of document.querySelectorAll('details')) details.open = value;
        return document.documentElement.scrollWidth;
      }, open);
      expect(width).toBe(390);
    }
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
  }
});
