import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import {
  decodeHead,
  decodeManifest,
  encodeHead,
  encodeManifest,
  headBytes,
  type UpdateManifest,
} from './format.ts';
import { readImageVersion } from './kernel-image.ts';
import { makeContent } from './testing/update.ts';

const digest = 'ab'.repeat(32);
const sizes = { sizeBytes: 10, sha256: digest, frames: [20, 30], storedSha256: digest };
const manifest: UpdateManifest = {
  ...{ format: 'trivet-update-1', name: 'edge', version: '1.0', architecture: 'x86_64', target: 'cloud' },
  rootHash: digest,
  parts: [
    { kind: 'root', ...sizes },
    { kind: 'verity', ...sizes },
    { kind: 'kernel', ...sizes },
    { kind: 'file', path: 'broadcom/bcm2711-rpi-4-b.dtb', ...sizes },
  ],
};

t.test('encodeHead writes the documented bytes, and decodeHead reads them', async (t) => {
  const bytes = Buffer.from(encodeHead(Buffer.alloc(0x1234), Buffer.alloc(64, 0xee)));
  t.equal(bytes.toString('hex'), `5452495645545550${'34120000'}${'00000000'}${'ee'.repeat(64)}`);
  t.match(decodeHead(bytes), { manifestBytes: 0x1234, signature: Buffer.alloc(64, 0xee) });
  t.throws(() => encodeHead(Buffer.alloc(1), Buffer.alloc(63)), RangeError);
  bytes.writeUInt32LE(2 ** 30, 8);
  t.throws(() => decodeHead(bytes), { code: 'notAnUpdate' }, 'a manifest that would fill the memory');
});

t.test('decodeManifest undoes encodeManifest, and refuses what could do harm', async (t) => {
  t.same(decodeManifest(encodeManifest(manifest)), manifest);
  const [root, verity, kernel] = manifest.parts as [
    UpdateManifest['parts'][0],
    UpdateManifest['parts'][0],
    UpdateManifest['parts'][0],
  ];
  const file = (name: string) => ({ kind: 'file', path: name, ...sizes });
  const paths = ['../x', '/x', 'a/../b', 'a//b', '.x', 'a/.x', '', 'a\0b', 'a\\b', 'Upper', 'a/b/c/d/e'];
  const cases: readonly unknown[] = [
    null,
    [],
    { ...manifest, format: 'trivet-update-2' },
    { ...manifest, more: 1 },
    { ...manifest, name: '../edge' },
    { ...manifest, parts: [root, verity] },
    { ...manifest, parts: [root, root, verity, kernel] },
    { ...manifest, parts: [root, verity, kernel, file('x'), file('x')] },
    { ...manifest, parts: [{ ...root, sizeBytes: -1 }, verity, kernel] },
    { ...manifest, parts: [{ ...root, frames: [2 ** 31] }, verity, kernel] },
    ...paths.map((name) => ({ ...manifest, parts: [root, verity, kernel, file(name)] })),
  ];
  for (const value of cases) {
    t.throws(
      () => decodeManifest(Buffer.from(JSON.stringify(value))),
      { code: 'notAnUpdate' },
      JSON.stringify(value)?.slice(-120),
    );
  }
});

t.test('decodeHead and decodeManifest answer any bytes with an UpdateError', async (t) => {
  const refuses = (run: () => unknown): boolean => {
    try {
      run();
      return true;
    } catch (error) {
      return (error as Error).name === 'UpdateError';
    }
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2 * headBytes }), (bytes) => refuses(() => decodeHead(bytes))),
  );
  fc.assert(fc.property(fc.json(), (text) => refuses(() => decodeManifest(Buffer.from(text)))));
  t.pass();
});

t.test('readImageVersion reads a kernel image, and nothing from a damaged one', async (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'trivet-kernel-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const file = path.join(directory, 'x.efi');
  const { kernel } = makeContent('4.5');
  writeFileSync(file, kernel);
  t.equal(readImageVersion(file), '4.5');
  t.equal(readImageVersion(path.join(directory, 'missing')), null);
  fc.assert(
    fc.property(
      fc.nat(200),
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
      fc.nat(4096),
      (at, bytes, length) => {
        const damaged = Buffer.from(kernel);
        damaged.set(bytes, at);
        writeFileSync(file, damaged.subarray(0, length));
        return ['4.5', null].includes(readImageVersion(file));
      },
    ),
  );
});
