/** Keys, and what is signed with them. That firmware agrees is shown in qemu-tests/scenarios/one-machine/secure-boot.test.ts. */
import { createPublicKey } from 'node:crypto';
import { chmodSync, cpSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { type Architecture, architectureOf } from '../architecture.ts';
import { openCache } from '../cache/cache.ts';
import { attachSignature, splitSignature } from '../formats/pe/signature.ts';
import { toolsFor } from '../inspect/boot-partition.ts';
import { openApt, updateLists } from '../packages/apt.ts';
import { fetchPackages } from '../packages/fetch.ts';
import { resolvePackages } from '../packages/resolve.ts';
import { unpackPackages } from '../packages/unpack.ts';
import { hostArchitecture, runTool } from '../tools/tools.ts';
import { readProgramSignature, signatureFits, signProgram } from './authenticode.ts';
import { chooseSigner } from './choose-signer.ts';
import { developmentKeys } from './development-keys.ts';
import { damagedEnrolmentFiles, makeEnrolmentFiles, readEnrolmentFile } from './enrolment.ts';
import { fingerprintOf, isSignedBy, signFile } from './image-keys.ts';
import { createKeyDirectory, readKeyDirectory } from './key-directory.ts';
import { signerOf } from './signer.ts';
import { takenSigner } from './taken-signer.ts';

t.setTimeout(300_000);
const now = new Date('2026-06-01T12:00:00Z');

t.test('developmentKeys are the same for everybody, for ever', async (t) => {
  const { secureBoot, publicKeyPem } = await developmentKeys();
  // These may only change together with all images that anyone has built without keys.
  t.equal(fingerprintOf(publicKeyPem).slice(0, 23), '83:5B:D3:57:25:65:44:02');
  t.equal(fingerprintOf(secureBoot.db.certificate).slice(0, 23), '88:31:28:F3:FB:AB:9C:E5');
  for (const { certificate, privateKey } of Object.values(secureBoot)) {
    t.ok(certificate.verify(certificate.publicKey), 'it signs itself');
    t.ok(certificate.checkPrivateKey(privateKey));
    t.equal(createPublicKey(privateKey).asymmetricKeyDetails?.modulusLength, 2048);
    t.match(certificate.subject, /known to everybody/);
  }
});

t.test('createKeyDirectory makes keys that readKeyDirectory takes, and never overwrites', async (t) => {
  const directory = path.join(t.testdir(), 'keys');
  const made = await createKeyDirectory(directory, now);
  const mode = (name: string): number => statSync(path.join(directory, name)).mode & 0o777;
  t.equal(mode('.'), 0o700);
  for (const name of ['PK.key', 'KEK.key', 'db.key', 'image.key']) t.equal(mode(name), 0o600, name);
  const read = await readKeyDirectory(directory, now);
  t.equal(read.kind, 'operator');
  t.equal(read.publicKeyPem, made.publicKeyPem);
  t.ok(new Date(read.secureBoot.db.certificate.validTo).getUTCFullYear() >= 2046);
  await t.rejects(createKeyDirectory(directory, now), { code: 'keys', message: /exists already/ });
  t.equal((await readKeyDirectory(directory, now)).publicKeyPem, made.publicKeyPem);
});

t.test('readKeyDirectory says which file is wrong, and how', async (t) => {
  const base = t.testdir();
  await createKeyDirectory(path.join(base, 'good'), now);
  await createKeyDirectory(path.join(base, 'other'), now);
  const at = (name: string): string => path.join(base, 'bad', name);
  const cases: readonly (readonly [what: string, spoil: () => void, message: RegExp])[] = [
    [
      'no directory',
      () => rmSync(at('.'), { recursive: true }),
      /bad\/PK\.key cannot be read: there is no such/,
    ],
    ['a missing key', () => rmSync(at('KEK.key')), /KEK\.key cannot be read: there is no such file/],
    ['no key', () => writeFileSync(at('db.key'), 'hello'), /db\.key is not a private key in PEM/],
    ['no certificate', () => writeFileSync(at('db.crt'), 'hello'), /db\.crt is not a certificate in PEM/],
    [
      'another pair',
      () => cpSync(path.join(base, 'other/db.crt'), at('db.crt')),
      /db\.key and db\.crt.*not belong/,
    ],
    [
      'another image.pub',
      () => cpSync(path.join(base, 'other/image.pub'), at('image.pub')),
      /image\.key and image\.pub/,
    ],
    ['the wrong kind', () => renameSync(at('PK.key'), at('image.key')), /PK\.key cannot be read/],
    [
      'RSA for files',
      () => cpSync(at('PK.key'), at('image.key')),
      /image\.key holds .* rsa, and must hold ed25519/,
    ],
  ];
  for (const [what, spoil, message] of cases) {
    cpSync(path.join(base, 'good'), at('.'), { recursive: true });
    spoil();
    await t.rejects(readKeyDirectory(at('.'), now), { code: 'keys', message, exitCode: 1 }, what);
    rmSync(at('.'), { recursive: true, force: true });
  }
  const late = new Date('2090-01-01T00:00:00Z');
  await t.rejects(readKeyDirectory(path.join(base, 'good'), late), {
    code: 'keys',
    message: /PK\.crt is valid until/,
  });
});

t.test(
  'a key that may not be read is named',
  { skip: process.getuid?.() === 0 && 'root may read all' },
  async (t) => {
    const directory = path.join(t.testdir(), 'keys');
    await createKeyDirectory(directory, now);
    chmodSync(path.join(directory, 'db.key'), 0);
    await t.rejects(readKeyDirectory(directory, now), { code: 'keys', message: /not allowed to read/ });
  },
);

t.test(
  'chooseSigner prefers the command line to the recipe, and the recipe to development keys',
  async (t) => {
    const base = t.testdir();
    const [a, b] = [await createKeyDirectory(`${base}/a`, now), await createKeyDirectory(`${base}/b`, now)];
    const recipeFile = path.join(base, 'r.yaml');
    const choose = (option: string | null, recipe: string | undefined): ReturnType<typeof chooseSigner> =>
      chooseSigner({ option, recipe, recipeFile });
    t.equal((await choose(path.join(base, 'a'), 'b')).publicKeyPem, a.publicKeyPem);
    t.equal((await choose(null, 'b')).publicKeyPem, b.publicKeyPem, 'relative to the recipe');
    t.equal((await choose(null, undefined)).kind, 'development');
    await t.rejects(choose(null, 'c'), { code: 'keys', message: /c\/PK\.key cannot be read/ });
  },
);

t.test('signFile gives raw Ed25519 signatures', async (t) => {
  const keys = await developmentKeys();
  const signature = signFile(keys, Buffer.from('text'));
  t.equal(signature.length, 64);
  t.ok(isSignedBy(keys.publicKeyPem, Buffer.from('text'), signature));
  t.notOk(isSignedBy(keys.publicKeyPem, Buffer.from('Text'), signature));
  t.notOk(isSignedBy(keys.publicKeyPem, Buffer.from('text'), signature.subarray(1)));
});

t.test('makeEnrolmentFiles signs each variable by the key above it', async (t) => {
  const { secureBoot } = await developmentKeys();
  const files = makeEnrolmentFiles(secureBoot);
  t.same(damagedEnrolmentFiles(files), []);
  for (const name of ['PK', 'KEK', 'db'] as const) {
    t.ok(readEnrolmentFile(files[name]).raw.equals(secureBoot[name].certificate.raw));
    const damaged = Uint8Array.from(files[name]);
    damaged[damaged.length - 20]! ^= 1;
    t.ok(damagedEnrolmentFiles({ ...files, [name]: damaged }).includes(name), name);
    t.ok(damagedEnrolmentFiles({ ...files, [name]: damaged.subarray(0, 30) }).includes(name));
  }
  t.equal(Buffer.from(files.PK.subarray(0, 8)).toString('hex'), 'ea07010100000000', 'the date: 2026-01-01');
});

/** systemd-boot as Debian has it for an architecture. */
async function bootLoader(architecture: Architecture): Promise<Buffer> {
  const cache = openCache();
  const apt = await openApt(cache, architecture.debian);
  await updateLists(apt, false);
  const packages = await resolvePackages(apt, cache, ['systemd-boot-efi']);
  await fetchPackages(cache, packages, { offline: false, apt: async () => apt });
  const directory = path.join(await unpackPackages(cache, packages), 'usr/lib/systemd/boot/efi');
  return readFileSync(path.join(directory, architecture.bootLoader));
}

t.test('signed programs satisfy sbverify, and changed ones do not', async (t) => {
  const tools = await toolsFor(openCache(), null);
  const keys = await developmentKeys();
  const program = await bootLoader(hostArchitecture);
  const before = Buffer.from(program);
  const signed = signProgram(keys.secureBoot.db, 'the loader', program);
  t.ok(program.equals(before), 'what is signed is left as it was');
  t.same(signProgram(keys.secureBoot.db, 'the loader', program), signed, 'the same bytes again');
  const at = (name: string): string => path.join(t.testdirName, name);
  t.testdir({ 'db.crt': keys.secureBoot.db.certificate.toString() });
  const judge = async (bytes: Uint8Array): Promise<string> => {
    writeFileSync(at('program.efi'), bytes);
    return (await runTool(tools, 'sbverify', ['--cert', at('db.crt'), at('program.efi')])).stdout;
  };
  t.match(await judge(signed), /Signature verification OK/);
  const arm = await bootLoader(architectureOf('arm64'));
  t.match(await judge(signProgram(keys.secureBoot.db, 'it', arm)), /verification OK/, 'arm64 too');
  t.match(readProgramSignature(signed), { isValid: true });
  t.equal(readProgramSignature(program), null);
  const changed = Uint8Array.from(signed);
  changed[5000]! ^= 1;
  await t.rejects(judge(changed), { message: /Hash doesn't match image/ });
  t.match(readProgramSignature(changed), { isValid: false });
  t.throws(() => signProgram(keys.secureBoot.db, 'the loader', Buffer.alloc(500)), {
    code: 'damaged-input',
    message: /^the loader cannot be signed: it is no PE executable/,
  });

  const { unsigned, signature } = splitSignature(signed);
  t.ok(signatureFits(signature!, program));
  t.same(attachSignature(unsigned, signature!), signed);
  const own = signerOf(keys);
  const taken = takenSigner({
    ...{ kind: own.kind, publicKeyPem: own.publicKeyPem, enrolment: own.enrolment },
    ...{ programs: [signed], fileSignatures: [own.signFile(Buffer.from('sums'))] },
  });
  t.same(taken.signProgram('it', program), signed, 'a taken signature gives the same bytes');
  t.same(taken.signFile(Buffer.from('sums')), own.signFile(Buffer.from('sums')));
  const other = Uint8Array.from(program);
  other[5000]! ^= 1;
  t.match(readProgramSignature(taken.signProgram('it', other)), { isValid: false });
});
