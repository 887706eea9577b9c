import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { sha256OfStart, sizeOfDevice, writeDifferences } from './slot-writer.ts';
import { sha256 } from './testing/update.ts';

const mebibyte = 1024 * 1024;

async function* inPieces(content: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

t.test('writeDifferences writes the blocks that differ, and nothing behind the content', async (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'trivet-slot-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const file = path.join(directory, 'partition');
  writeFileSync(file, Buffer.alloc(9 * mebibyte, 'old'));
  const content = Buffer.alloc(6 * mebibyte + 100, 'new');
  t.same(await writeDifferences(file, inPieces(content, 70_001)), { written: 7, unchanged: 0 });
  t.same(await writeDifferences(file, inPieces(content, mebibyte)), { written: 0, unchanged: 7 });
  content[3 * mebibyte] = 0;
  content[content.length - 1] = 0;
  t.same(await writeDifferences(file, inPieces(content, 4 * mebibyte)), { written: 2, unchanged: 5 });
  const whole = readFileSync(file);
  t.ok(whole.subarray(0, content.length).equals(content));
  t.ok(whole.subarray(content.length).equals(Buffer.alloc(9 * mebibyte, 'old').subarray(content.length)));
  t.equal(await sha256OfStart(file, content.length), sha256(content));
  t.equal(sizeOfDevice(file), 9 * mebibyte);
});
