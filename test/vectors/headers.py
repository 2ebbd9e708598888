"""Files of safetensors with headers that are right, wrong or odd, and whether the reference implementation reads them. Writes
headers.json: for each the header, in which a character is a byte, how many bytes follow, and the names and shapes that are
read, or null.

    pip install safetensors && python3 test/vectors/headers.py
"""
import json, pathlib, random, struct
import safetensors

r = random.Random(1)
SIZES = {'F32': 4, 'F64': 8, 'F16': 2, 'BF16': 2, 'F8_E5M2': 1, 'I8': 1, 'I64': 8, 'U16': 2, 'BOOL': 1}
# Spellings of whole numbers and of others, what may be in their place, and what may be around and between.
NUMBERS = ['0', '1', '2', '3', '00', '01', '+1', '-0', '-1', '1.0', '1.', '.5', '1e0', '2E0', '0x1', '1_0', '1e400', 'NaN',
           '1n', 'null', 'true', '"1"', '[1]', '{}', '9007199254740991', '4294967296', '1099511627776', '']
WORDS = ['null', '"a"', '""', '3', '[]', '{}', '[[]]', '{"a":"b"}', '{"a":1}', '{"a":null}', 'true', 'nul', 'tru', "'a'"]
SPACES = ['', ' ', '\n', '\t\r\n ', '\x0b', '\x0c', '\xa0', '\0', '\xef\xbb\xbf', '\xe2\x80\xa8', '//', ',']
TEXTS = ['a', 'b', 'c', '', '7', '__proto__', 'constructor', '\xc3\xa9', '\\u00e9', '\\ud83d\\ude00', '\\ud83d', '\\ude00',
         '\\ud83d\\u0041', '\\u12', '\\n', '\n', '\\/', '/', '\\x', '\\"', '\x7f', '\\u0000', '\0', '\xff', '\xed\xa0\x80',
         '\xc0\x80', '\xf4\x90\x80\x80', '\xf0\x9f\x98\x80', '__metadata__']


def odd(usual, others, chance=0.03):
    return r.choice(others) if r.random() < chance else str(usual)


def header():
    s = lambda: odd('', SPACES, 0.008)
    text = lambda usual: s() + '"' + odd(usual, TEXTS, 0.04) + '"' + s()
    at, entries = 0, []
    for k in range(r.choice([0, 1, 1, 1, 2, 2, 3])):
        type = r.choice(list(SIZES))
        shape = [r.choice([0, 1, 2, 3]) for _ in range(r.choice([0, 1, 1, 2, 3]))]
        n = SIZES[type]
        for length in shape:
            n *= length
        begin = at + (r.choice([-4, -1, 1, 4, 8]) if r.random() < 0.02 else 0)
        end = begin + n + (r.choice([-4, -1, 1, 4]) if r.random() < 0.02 else 0)
        at = end
        numbers = lambda xs: '[' + (s() + ',' + s()).join(odd(x, NUMBERS) for x in xs) + ']'
        fields = [
            text('dtype') + ':' + odd('"' + type + '"', ['"f32"', '"XYZ"', '"F32 "', '1', 'null', '["F32"]'], 0.01),
            text('shape') + ':' + odd(numbers(shape), WORDS, 0.01),
            text('data_offsets') + ':' + odd(numbers([begin, end] + [end] * (r.random() < 0.01)), WORDS, 0.01),
        ]
        if r.random() < 0.05:
            depth = r.choice([1, 3, 124, 125, 126, 127, 128])
            fields.append(text('more') + ':' + '[' * depth + odd(1, NUMBERS + WORDS, 0.3) + ']' * depth)
        if r.random() < 0.02:
            fields.pop(r.randrange(3))
        if r.random() < 0.3:
            r.shuffle(fields)
        entries.append(text('abc'[k]) + ':' + odd('{' + ','.join(fields) + '}', WORDS, 0.01))
    if r.random() < 0.2:
        pairs = ','.join(text(chr(120 + i)) + ':' + odd(text('v'), WORDS, 0.05) for i in range(r.choice([0, 1, 2])))
        entries.append('"__metadata__":' + odd('{' + pairs + '}', WORDS, 0.05))
    if r.random() < 0.3:
        r.shuffle(entries)
    whole = odd('', SPACES, 0.1) + '{' + ','.join(entries) + odd('', [','], 0.01) + '}' + odd('', SPACES, 0.1)
    if r.random() < 0.01:
        whole = r.choice(['[]', 'null', '""', '', ' ', '{', '}', '{}{}', '[' + whole + ']', whole[:-1]])
    return whole, max(0, at + (r.choice([-1, 1, 8]) if r.random() < 0.02 else 0))


class Twice(Exception):
    pass


def once(pairs):
    if len({name for name, _ in pairs}) < len(pairs):
        raise Twice
    return dict(pairs)


def verdict(text, size):
    raw = text.encode('latin1')
    try:
        read = safetensors.deserialize(struct.pack('<Q', len(raw)) + raw + bytes(size))
        # It reads the last of two entries of one name, which its README forbids.
        json.loads(raw.decode(), object_pairs_hook=once, strict=False)
    except (safetensors.SafetensorError, Twice):
        return None
    return {name: info['shape'] for name, info in read}


out, taken = [], 0
COUNT = 500
while len(out) < COUNT:
    text, size = header()
    read = verdict(text, size)
    # Half of them are read; more would tell little.
    if read is None or taken < COUNT // 2:
        taken += read is not None
        out.append([text, size, read])
path = pathlib.Path(__file__).with_name('headers.json')
path.write_text('[\n' + ',\n'.join(json.dumps(case) for case in out) + '\n]\n')
