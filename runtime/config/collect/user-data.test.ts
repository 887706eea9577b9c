import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { parse } from 'yaml';
import { userDataLimitBytes } from './collected.ts';
import { readUserData } from './user-data.ts';

const read = (text: string) => readUserData(Buffer.from(text));

t.test('readUserData takes a text that is marked as ours', async (t) => {
  for (const text of [
    '#trivet\nnode: { name: a }\n',
    '#trivet\r\nnode: { name: a }\r\n',
    '#trivet  \n',
    '#trivet',
  ])
    t.same(read(text), { kind: 'configuration', text });
  t.same(
    read('\uFEFF#trivet\na: 1'),
    { kind: 'configuration', text: '#trivet\na: 1' },
    'as Notepad saves it',
  );
});

t.test('readUserData takes the map of a #cloud-config, and keeps its lines', async (t) => {
  const cases: readonly (readonly [string, unknown, number])[] = [
    [
      '#cloud-config\nusers: []\ntrivet:\n  node:\n    name: a\nruncmd:\n  - ls\n',
      { node: { name: 'a' } },
      4,
    ],
    ['#cloud-config\r\ntrivet:\r\n  node: { name: a }\r\n', { node: { name: 'a' } }, 3],
    ['#cloud-config\nusers: []\ntrivet: { node: { name: a } }\nx: 1', { node: { name: 'a' } }, 3],
    ['#cloud-config\n{ "x": [1], "trivet": { "node": { "name": "a" } } }', { node: { name: 'a' } }, 2],
    ['#cloud-config\ntrivet:\n  # why\n\n  node:\n  - a\n', { node: ['a'] }, 5],
  ];
  for (const [text, value, line] of cases) {
    const userData = read(text);
    if (userData.kind !== 'configuration') throw new Error(`${text}: ${JSON.stringify(userData)}`);
    t.same(parse(userData.text), value, text);
    t.match(userData.text.split('\n')[line - 1], /node/, 'the line is the same');
  }
});

t.test('readUserData unpacks what clouds have packed', async (t) => {
  const text = '#cloud-config\ntrivet: { node: { name: a } }\n';
  const plain = read(text);
  t.equal(plain.kind, 'configuration');
  const base64 = (bytes: Uint8Array): Buffer =>
    Buffer.from(Buffer.from(bytes).toString('base64').replace(/.{20}/g, '$&\n'));
  for (const packed of [
    gzipSync(text),
    base64(Buffer.from(text)),
    base64(gzipSync(text)),
    gzipSync(base64(Buffer.from(text))),
  ])
    t.same(readUserData(packed), plain);
});

t.test('readUserData leaves to others what is theirs', async (t) => {
  const cases: readonly (readonly [string | Buffer | null, RegExp])[] = [
    [null, /is empty/],
    ['', /is empty/],
    ['#!/bin/sh\ntrivet: {}\n', /begins with "#!\/bin\/sh", not/],
    ['#trivet-config\n', /begins with "#trivet-config"/],
    [' #trivet\n', /begins with " #trivet"/],
    ['\n#trivet\n', /begins with an empty line/],
    ['#cloud-config\nusers: []\n', /without a map "trivet:"/],
    ['#cloud-config\ntrivet:\n', /without a map "trivet:"/],
    ['#cloud-config\n- trivet\n', /without a map/],
    ['#cloud-config\nusers: [\n', /without a map/],
    ['Content-Type: multipart/mixed; boundary="x"\n', /begins with "Content-Type: multipart/],
    [Buffer.from([0xff, 0xfe, 0x00]), /is not text/],
    [`${'x'.repeat(60)}\x1b[2J`, /begins with "x{40}…"/],
  ];
  for (const [content, what] of cases) {
    t.match(readUserData(content === null ? null : Buffer.from(content)), { kind: 'other', what });
  }
});

t.test('readUserData says what is broken', async (t) => {
  t.match(read('#cloud-config\nusers: [\ntrivet:\n  a: 1\n'), { kind: 'broken', problem: /not YAML/ });
  t.match(readUserData(gzipSync('#trivet\n').subarray(0, 20)), {
    kind: 'broken',
    problem: /gzip packing is damaged/,
  });
  const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
  t.match(readUserData(bomb), { kind: 'broken', problem: /damaged or too large/ });
  t.match(readUserData(Buffer.alloc(userDataLimitBytes + 1, '#')), {
    kind: 'broken',
    problem: /larger than 64 KiB/,
  });
  t.match(read(`#cloud-config\ntrivet: ${'['.repeat(100_000)}`), { kind: 'broken' });
});

t.test('readUserData takes a text without a mark only where it was kept for us', async (t) => {
  t.match(readUserData(Buffer.from('node: {}\n'), true), { kind: 'configuration', text: 'node: {}\n' });
  t.match(readUserData(Buffer.from('#cloud-config\n'), true), { kind: 'other' });
});

t.test('readUserData survives anything', async () => {
  const start = fc.constantFrom(
    '',
    '#trivet\n',
    '#cloud-config\n',
    '#cloud-config\ntrivet:',
    'H4sI',
    'I3Ry',
    '\x1f\x8b',
  );
  const yamlLike = fc
    .array(
      fc.constantFrom(
        'trivet:',
        ' ',
        '\n',
        'a',
        ':',
        '- ',
        '{',
        '}',
        '[',
        ']',
        '&x ',
        '*x',
        '"',
        "'",
        '|',
        '!!binary ',
        '<<: ',
      ),
    )
    .map((words) => words.join(''));
  const rest = fc.oneof(fc.string({ unit: 'binary' }), yamlLike);
  fc.assert(
    fc.property(start, rest, fc.boolean(), (head, tail, isForTrivet) => {
      const bytes = Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(tail)]);
      const { kind } = readUserData(bytes, isForTrivet);
      return ['configuration', 'other', 'broken'].includes(kind);
    }),
    { numRuns: 2_000 },
  );
});
