import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { type BackupHeader, openBackup, writeBackup } from './backup-file.ts';

const state = Buffer.alloc(600_000, 'state');
const header: BackupHeader = {
  ...{
    clusterName: 'shop',
    clusterId: '0123456789abcdef',
    node: 'n1',
    version: '1.2.3',
    index: 7,
    revision: 5,
  },
  ...{ quorum: true, sizeBytes: state.length, madeAt: '2026-11-21T12:00:00Z' },
  apiKeys: Buffer.alloc(6_000, 'keys').toString('base64'),
  digest: createHash('sha256').update(state).digest('hex'),
};
const quiet = { overwrite: false, onProgress: () => {} };
const pieces = async (offset: number): Promise<Uint8Array> => state.subarray(offset, offset + 65536);

async function readAll(file: string): Promise<Buffer> {
  const backup = await openBackup(file);
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (;;) {
    const piece = await backup.read(offset);
    if (piece.length === 0) break;
    parts.push(piece);
    offset += piece.length;
  }
  await backup.close();
  return Buffer.concat(parts);
}

t.test('a backup comes back as it was written, and a person can read what it is', async (t) => {
  const file = path.join(t.testdir(), 'b');
  await writeBackup(file, header, pieces, quiet);
  t.ok((await readAll(file)).equals(state));
  const backup = await openBackup(file);
  t.same(backup.header, header);
  await backup.close();
  t.match(readFileSync(file).toString('latin1', 0, 200), /^trivet backup 1\n\{"clusterName":"shop"/);
});

t.test(
  'writeBackup does not overwrite unless it is told to, and leaves nothing behind when it fails',
  async (t) => {
    const directory = t.testdir({ b: 'precious' });
    const file = path.join(directory, 'b');
    await t.rejects(writeBackup(file, header, pieces, quiet), { code: 'exists' });
    const cut = async (offset: number): Promise<Uint8Array> =>
      offset > 100_000 ? new Uint8Array() : pieces(offset);
    await t.rejects(writeBackup(file, header, cut, { ...quiet, overwrite: true }), { code: 'damaged' });
    t.equal(readFileSync(file, 'utf8'), 'precious');
    t.same(readdirSync(directory), ['b']);
    await writeBackup(file, header, pieces, { ...quiet, overwrite: true });
    t.ok((await readAll(file)).equals(state));
    await t.rejects(writeBackup(path.join(directory, 'no/such/place'), header, pieces, quiet), {
      code: 'io',
    });
  },
);

t.test('openBackup finds every kind of damage and says what it is', async (t) => {
  const directory = t.testdir();
  const file = path.join(directory, 'b');
  await writeBackup(file, header, pieces, quiet);
  const good = readFileSync(file);
  const judge = async (bytes: Uint8Array): Promise<string> => {
    writeFileSync(file, bytes);
    return openBackup(file).then(
      async (backup) => {
        await backup.close();
        return 'good';
      },
      (error: { code?: string }) => error.code ?? String(error),
    );
  };
  t.equal(await judge(good), 'good');
  t.equal(await judge(Buffer.from('something else')), 'noBackup');
  t.equal(await judge(Buffer.alloc(0)), 'noBackup');
  t.equal(
    await judge(Buffer.from(good.toString('latin1').replace('trivet backup 1', 'trivet backup 9'), 'latin1')),
    'version',
  );
  t.equal(await judge(good.subarray(0, good.length - 1)), 'damaged');
  t.equal(await judge(Buffer.concat([good, Buffer.from('x')])), 'damaged');
  t.equal(await judge(good.subarray(0, 40)), 'damaged');
  for (let at = 0; at < good.length; at += at < 700 ? 7 : 9973) {
    const flipped = Buffer.from(good);
    flipped[at] = flipped[at]! ^ 1;
    t.notOk(existsSync(`${file}.part`));
    t.not(await judge(flipped), 'good', `a bit flipped at ${at}`);
  }
  await t.rejects(openBackup(path.join(directory, 'missing')), { code: 'io' });
});
