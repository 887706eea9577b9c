/** Every way in which an image can be damaged or another one is found, and named. */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { openCache } from '../cache/cache.ts';
import { sectorSize } from '../formats/gpt/layout.ts';
import { splitSignature } from '../formats/pe/signature.ts';
import { readBootPartition, toolsFor } from '../inspect/boot-partition.ts';
import { inspectImage } from '../inspect/inspect.ts';
import { Progress } from '../progress.ts';
import { createKeyDirectory } from '../signing/key-directory.ts';
import { signerOf } from '../signing/signer.ts';
import { runTool } from '../tools/tools.ts';
import { firstDifference } from './compare.ts';
import type { KeySource } from './expected-keys.ts';
import type { CheckResult } from './result.ts';
import { findInPartition, makeSmallImage, type SmallImage } from './testing/small-image.ts';
import { verifyImage } from './verify.ts';

t.setTimeout(300_000);
const cache = openCache();
const base = t.testdir({ image: {} });
const keysDirectory = path.join(base, 'keys');
const signer = signerOf(await createKeyDirectory(keysDirectory, new Date()));
const image = await makeSmallImage(cache, path.join(base, 'image'), signer);
const partition = (name: string): number =>
  image.partitions.find((one) => one.name === name)!.firstLba * sectorSize;

/** A copy of the image to do something to. */
function copyOf(t: Test): SmallImage {
  const directory = path.join(base, t.name.replace(/\W+/g, '-'));
  cpSync(image.directory, directory, { recursive: true, filter: (name) => path.basename(name) !== 'work' });
  return { ...image, directory, file: path.join(directory, path.basename(image.file)) };
}

const noKeys: KeySource = { keysDirectory: null, publicKeyFile: null };

function verify(file: string, keys: KeySource = noKeys): Promise<readonly CheckResult[]> {
  const progress = new Progress(() => {});
  return verifyImage({ file, cache, keys, rebuild: false, progress, onResult: () => {} });
}

const failures = (results: readonly CheckResult[]): string[] =>
  results.filter((result) => !result.ok).map((result) => result.name);

/** Flips one bit. */
function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at]! ^= 0x10;
  writeFileSync(file, bytes);
}

t.test('verifyImage accepts what was built, raw and compressed, by whomever its keys are', async (t) => {
  const copy = copyOf(t);
  const results = await verify(copy.file, { keysDirectory, publicKeyFile: null });
  t.strictSame(failures(results), []);
  t.strictSame(
    results.map(({ name }) => name),
    [
      ...['signature', 'digests', 'partition table', 'boot partition', 'enrolment keys'],
      ...['EFI/BOOT/BOOTX64.EFI', 'EFI/Linux/trivet-a.efi', 'EFI/systemd/systemd-bootx64.efi'],
      ...['root hash', 'root file system', 'description'],
    ],
  );
  writeFileSync(`${copy.file}.zst`, zstdCompressSync(readFileSync(copy.file)));
  t.strictSame(failures(await verify(`${copy.file}.zst`)), ['digests'], 'which SHA256SUMS does not name');
  truncateSync(`${copy.file}.zst`, 50_000);
  await t.rejects(verify(`${copy.file}.zst`), { code: 'not-an-image', message: /not complete|damaged/ });
});

const kernelText = Buffer.from('kernelkernelkernelkernel');
/** Where a bit is flipped, and which checks must name it beside the digest, which always does. */
const damages: readonly (readonly [
  what: string,
  at: () => number | Promise<number>,
  checks: readonly string[],
])[] = [
  ['the protective boot record', () => 446 + 4, ['partition table']],
  ['the partition table', () => 2 * sectorSize + 40, ['partition table']],
  ['the header of the partition table', () => sectorSize + 60, ['partition table']],
  [
    'the backup of the partition table',
    () => readFileSync(image.file).length - 20 * sectorSize,
    ['partition table'],
  ],
  ['the last header', () => readFileSync(image.file).length - sectorSize + 20, ['partition table']],
  ['the file allocation table', () => partition('esp') + 34 * sectorSize, ['boot partition']],
  ['the kernel', () => findInPartition(image, 'esp', kernelText), ['EFI/Linux/trivet-a.efi']],
  [
    'the enrolled certificate',
    async () => (await findInPartition(image, 'esp', Buffer.from('Trivet operator KEK'))) + 3,
    ['enrolment keys'],
  ],
  ['the root', () => partition('root-a') + 100_000, ['root hash']],
  [
    "the root's superblock",
    () => partition('root-a') + 1024,
    ['root hash', 'root file system', 'description'],
  ],
  ['the hash tree', () => partition('verity-a') + 4096 + 5, ['root hash']],
  ['a slot that nobody reads yet', () => partition('root-b') + 5, []],
];

for (const [what, at, checks] of damages) {
  t.test(`verifyImage finds a flipped bit in ${what}`, async (t) => {
    const copy = copyOf(t);
    flip(copy.file, await at());
    const found = failures(await verify(copy.file));
    t.ok(found.includes('digests'), 'its digest is another');
    for (const check of checks) t.ok(found.includes(check), `${check} fails: ${found}`);
    t.notOk(found.includes('signature'), 'what was signed is as it was');
  });
}

t.test('verifyImage says that an image is cut off', async (t) => {
  const copy = copyOf(t);
  truncateSync(copy.file, 45 * 2 ** 20);
  const table = (await verify(copy.file)).find(({ name }) => name === 'partition table');
  t.match(table?.detail, /^the image is cut off: it has 47185920 bytes, its partitions need \d+ MiB$/);
  truncateSync(copy.file, 100);
  const [, , last] = await verify(copy.file);
  t.match(last?.detail, /^both tables cannot be read: it is too short/);
});

t.test(
  'verifyImage finds that digests, their signature or the key are not there or are others',
  async (t) => {
    const copy = copyOf(t);
    const at = (name: string): string => path.join(copy.directory, name);
    writeFileSync(at('SHA256SUMS'), readFileSync(at('SHA256SUMS'), 'utf8').replace(/^./, 'f'));
    t.strictSame(failures(await verify(copy.file)), ['signature', 'digests']);
    rmSync(at('SHA256SUMS'));
    const [signature, digests] = await verify(copy.file);
    t.match(signature?.detail, /there is no SHA256SUMS beside the image/);
    t.match(digests?.detail, /there is no SHA256SUMS beside the image/);
    rmSync(at('image.pub'));
    t.match((await verify(copy.file))[0]?.detail, /there is no image\.pub/);
  },
);

t.test('verifyImage finds a signature by somebody else', async (t) => {
  const strangers = path.join(base, 'strangers');
  await createKeyDirectory(strangers, new Date());
  const found = await verify(image.file, { keysDirectory: strangers, publicKeyFile: null });
  t.strictSame(failures(found), [
    ...['signature', 'enrolment keys', 'EFI/BOOT/BOOTX64.EFI', 'EFI/Linux/trivet-a.efi'],
    ...['EFI/systemd/systemd-bootx64.efi', 'description'],
  ]);
  t.match(found[0]?.advice, /somebody else signed it/);
  const publicKeyFile = path.join(strangers, 'image.pub');
  t.strictSame(failures(await verify(image.file, { keysDirectory: null, publicKeyFile })), [
    'signature',
    'description',
  ]);
  await t.rejects(verify(image.file, { keysDirectory: path.join(base, 'absent'), publicKeyFile: null }), {
    code: 'keys',
    message: /image\.pub cannot be read: there is no such file/,
  });
});

t.test('verifyImage finds a kernel image without a signature', async (t) => {
  const copy = copyOf(t);
  const tools = await toolsFor(cache, null);
  const boot = await readBootPartition(
    tools,
    copy.file,
    partition('esp'),
    path.join(copy.directory, 'files'),
  );
  const kernel = boot.programs.find(({ path: file }) => file.endsWith('trivet-a.efi'))!;
  const unsigned = path.join(copy.directory, 'unsigned.efi');
  writeFileSync(unsigned, splitSignature(kernel.content).unsigned);
  const esp = `${copy.file}@@${partition('esp')}`;
  await runTool(tools, 'mcopy', ['-o', '-i', esp, unsigned, '::EFI/Linux/trivet-a.efi']);
  const found = (await verify(copy.file)).find(({ name }) => name === 'EFI/Linux/trivet-a.efi');
  t.match(found, { ok: false, detail: 'it is not signed' });
  const { signatures, keys } = await inspectImage(copy.file, cache);
  t.match(keys, { kind: 'operator' });
  t.match(
    signatures.map(({ file, isValid, signer }) => [file, isValid, signer]),
    [
      ['EFI/BOOT/BOOTX64.EFI', true, 'CN=Trivet operator db'],
      ['EFI/Linux/trivet-a.efi', false, null],
      ['EFI/systemd/systemd-bootx64.efi', true, 'CN=Trivet operator db'],
      ['SHA256SUMS', true, 'image.pub'],
    ],
  );
});

t.test('openssl accepts the signature of SHA256SUMS, and none of other bytes', async (t) => {
  const copy = copyOf(t);
  const check = (): string =>
    execFileSync(
      'openssl',
      [
        ...['pkeyutl', '-verify', '-pubin', '-inkey', 'image.pub', '-rawin'],
        ...['-in', 'SHA256SUMS', '-sigfile', 'SHA256SUMS.sig'],
      ],
      { cwd: copy.directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );
  t.match(check(), /Signature Verified Successfully/);
  flip(path.join(copy.directory, 'SHA256SUMS'), 3);
  t.throws(check);
});

t.test('firstDifference gives the first byte, and where a file ends', async (t) => {
  const copy = copyOf(t);
  const [a, b] = [copy.file, image.file];
  t.equal(await firstDifference(a, b, 0, Number.POSITIVE_INFINITY), null);
  flip(a, 9_000_001);
  t.equal(await firstDifference(a, b, 0, Number.POSITIVE_INFINITY), 9_000_001);
  t.equal(await firstDifference(a, b, 0, 9_000_001), null);
  const short = `${a}.short`;
  renameSync(a, short);
  truncateSync(short, 5_000_000);
  t.equal(await firstDifference(short, b, 0, Number.POSITIVE_INFINITY), 5_000_000);
});
