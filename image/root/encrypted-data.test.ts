/**
 * When the initrd takes an encrypted data partition for empty and has it made new: a wrong answer loses everything. Its script
 * is run by this machine's shell, on files.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const script = fileURLToPath(new URL('encrypted-data/initrd', import.meta.url));
const directory = mkdtempSync(path.join(tmpdir(), 'trivet-'));
t.teardown(() => rmSync(directory, { recursive: true, force: true }));

const sizeBytes = 160 * 1024 * 1024;
const superBlocks = [1024, 134_217_728];
const primary = Buffer.from('LUKS\xba\xbe\x00\x02', 'latin1');
const secondary = Buffer.from('SKUL\xba\xbe\x00\x02', 'latin1');
const withTpm = '{"keyslots":{"0":{}},"tokens":{"0":{"type":"systemd-tpm2","keyslots":["0"]}},"config":{}}';
const withRecovery = '{"keyslots":{"0":{}},"tokens":{"1":{"type":"systemd-recovery","keyslots":["0"]}}}';
const withoutToken = '{"keyslots":{"0":{}},"tokens":{},"config":{}}';
/** A kind of key that this version does not know. */
const withOther = '{"keyslots":{"0":{}},"tokens":{"0":{"type":"systemd-fido2","keyslots":["0"]}}}';

type Pieces = readonly (readonly [offset: number, bytes: string | Buffer])[];

function isNothingLeft(device: string): boolean {
  // As the initrd runs it: a failing program says nothing.
  const run = `. ${script}; DEVICE=${device}; if nothing_left 2>/dev/null; then echo yes; else echo no; fi`;
  return execFileSync('sh', ['-c', run], { encoding: 'utf8' }).trim() === 'yes';
}

function partitionWith(pieces: Pieces): string {
  const file = path.join(directory, 'partition');
  rmSync(file, { force: true });
  writeFileSync(file, '');
  truncateSync(file, sizeBytes);
  for (const [offset, bytes] of pieces) {
    const write = [`of=${file}`, 'bs=1', `seek=${offset}`, 'conv=notrunc', 'status=none'];
    execFileSync('dd', write, { input: bytes });
  }
  return file;
}

const cases: readonly (readonly [what: string, empty: boolean, Pieces])[] = [
  ['zeros', true, []],
  ['what was on the disk before', true, [[0, Buffer.alloc(65_536, 0xa5)]]],
  [
    'a header with a key of the TPM',
    false,
    [
      [0, primary],
      [4096, withTpm],
      [16_384, secondary],
    ],
  ],
  [
    'a header with a recovery key',
    false,
    [
      [0, primary],
      [4096, withRecovery],
    ],
  ],
  [
    'a header with a key of a kind that is not known',
    false,
    [
      [0, primary],
      [4096, withOther],
    ],
  ],
  ['a header that cannot be understood', false, [[0, primary]]],
  [
    'the second header alone',
    false,
    [
      [16_384, secondary],
      [20_480, withTpm],
    ],
  ],
  [
    'a header that nobody has a key of',
    true,
    [
      [0, primary],
      [4096, withoutToken],
      [16_384, secondary],
    ],
  ],
  [
    'two headers of which one has a key',
    false,
    [
      [0, primary],
      [4096, withoutToken],
      [16_384, secondary],
      [20_480, withTpm],
    ],
  ],
  ['a plain file system', false, [[superBlocks[0]! + 56, Buffer.from([0x53, 0xef])]]],
  ['a plain file system with a broken start', false, [[superBlocks[1]! + 56, Buffer.from([0x53, 0xef])]]],
];

for (const [what, empty, pieces] of cases) {
  t.test(`a partition with ${what} is ${empty ? 'empty' : 'left alone'}`, async (t) => {
    t.equal(isNothingLeft(partitionWith(pieces)), empty);
  });
}

t.test('a partition that cannot be read is left alone', async (t) => {
  t.notOk(isNothingLeft(path.join(directory, 'none')));
});
