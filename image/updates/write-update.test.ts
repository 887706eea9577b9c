import { createPublicKey, verify } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { decodeHead, decodeManifest, headBytes } from '../../runtime/updates/format.ts';
import { UpdateFile } from '../../runtime/updates/update-file.ts';
import { developmentKeys } from '../signing/development-keys.ts';
import { signFile } from '../signing/image-keys.ts';
import { type UpdateSource, writeUpdate } from './write-update.ts';

const mebibyte = 1024 * 1024;
const keys = await developmentKeys();

/** Content that does not repeat within a frame. */
function content(sizeBytes: number, seed: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at + 4 <= sizeBytes; at += 4) bytes.writeUInt32LE((at * 2654435761 + seed) >>> 0, at);
  return bytes;
}

t.test('writeUpdate writes what a device reads, the same bytes each time', async (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'trivet-update-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const contents: Readonly<Record<string, Buffer>> = {
    root: content(9 * mebibyte + 4096, 1),
    verity: content(70_000, 2),
    kernel: content(5 * mebibyte, 3),
    'board.dtb': content(300, 4),
  };
  for (const [name, bytes] of Object.entries(contents)) writeFileSync(path.join(directory, name), bytes);
  const file = (name: string): string => path.join(directory, name);
  const sources: readonly UpdateSource[] = [
    { kind: 'root', file: file('root'), diskOffset: 97 * mebibyte },
    { kind: 'verity', file: file('verity') },
    { kind: 'kernel', file: file('kernel') },
    { kind: 'file', path: 'broadcom/board.dtb', file: file('board.dtb') },
  ];
  const write = async (name: string): Promise<string> => {
    const work = path.join(directory, `${name}-work`);
    mkdirSync(work);
    await writeUpdate({
      ...{
        cache: { directory: path.join(directory, `${name}-cache`) },
        output: file(name),
        workDirectory: work,
      },
      manifest: {
        ...{ name: 'edge', version: '1.0', architecture: 'arm64', target: 'raspberry-pi' },
        rootHash: 'ab'.repeat(32),
      },
      ...{ sources, sign: (bytes) => signFile(keys, bytes) },
    });
    return file(name);
  };
  const first = readFileSync(await write('one'));
  t.ok(first.equals(readFileSync(await write('two'))), 'also from another cache');
  t.same(
    readdirSync(directory).filter((name) => name.startsWith('one')),
    ['one', 'one-cache', 'one-work'],
    'nothing unfinished is left',
  );

  const head = decodeHead(first);
  const manifest = first.subarray(headBytes, headBytes + head.manifestBytes);
  t.ok(verify(null, manifest, createPublicKey(keys.publicKeyPem), head.signature));
  const { parts } = decodeManifest(manifest);
  t.same(
    parts.map(({ frames }) => frames.length),
    [3, 1, 2, 1],
    'the root is cut where the disk image is: after 3 MiB first',
  );
  const update = await UpdateFile.open(file('one'), keys.publicKeyPem);
  t.teardown(() => update.close());
  await update.checkWhole();
  for (const part of update.manifest.parts) {
    const pieces: Uint8Array[] = [];
    for await (const piece of update.content(part)) pieces.push(piece);
    const name = part.kind === 'file' ? 'board.dtb' : part.kind;
    t.ok(Buffer.concat(pieces).equals(contents[name]!), name);
  }
});
