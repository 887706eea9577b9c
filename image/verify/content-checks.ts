/** What is in the partitions: the boot partition and its signed programs, and the root behind its hash tree. */
import type { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BuildError } from '../build-error.ts';
import { copyRange } from '../disk/copy-range.ts';
import type { PartitionTable } from '../formats/gpt/gpt.ts';
import { sectorSize } from '../formats/gpt/layout.ts';
import type { BootPartition } from '../inspect/boot-partition.ts';
import { readBootPartition } from '../inspect/boot-partition.ts';
import type { ImageFile } from '../inspect/image-file.ts';
import { readKernelImage } from '../inspect/inspect.ts';
import { readProgramSignature } from '../signing/authenticode.ts';
import { damagedEnrolmentFiles, enrolmentNames, readEnrolmentFile } from '../signing/enrolment.ts';
import { readCertificate } from '../signing/key-directory.ts';
import { runTool, type Tools } from '../tools/tools.ts';
import { checkDescription } from './description-check.ts';
import { expectedCertificate, type KeySource } from './expected-keys.ts';
import { attempt, type CheckResult, failed, fetchAgain, passed } from './result.ts';

export interface ContentOptions {
  readonly image: ImageFile;
  readonly table: PartitionTable;
  readonly tools: Tools;
  readonly keys: KeySource;
  readonly workDirectory: string;
}

export interface CheckedContent {
  readonly results: readonly CheckResult[];
  /** Null when it cannot be read. */
  readonly boot: BootPartition | null;
}

export async function checkContent(options: ContentOptions): Promise<CheckedContent> {
  const results: CheckResult[] = [];
  const { boot, result } = await checkBootPartition(options);
  results.push(result);
  let rootHash: string | null = null;
  if (boot !== null) {
    results.push(await checkEnrolment(boot, options.keys));
    results.push(...(await checkPrograms(options, boot)));
    rootHash = rootHashOf(boot);
  }
  results.push(await checkHashTree(options, rootHash), await checkRoot(options));
  const root = path.join(options.workDirectory, 'root-a.part');
  results.push(await checkDescription(options.tools, options.image, root, options.keys));
  return { results, boot };
}

async function checkBootPartition(
  options: ContentOptions,
): Promise<{ readonly boot: BootPartition | null; readonly result: CheckResult }> {
  const name = 'boot partition';
  let boot: BootPartition | null = null;
  const result = await attempt(name, async () => {
    const esp = await extract(options, 'esp');
    await runTool(options.tools, 'fsck.fat', ['-n', esp]);
    boot = await readBootPartition(options.tools, esp, 0, path.join(options.workDirectory, 'files'));
    return passed(name, 'fsck.fat finds no fault');
  });
  return { boot, result };
}

async function checkEnrolment(
  { enrolment }: BootPartition,
  { keysDirectory }: KeySource,
): Promise<CheckResult> {
  const name = 'enrolment keys';
  if (enrolment === null)
    return failed(name, 'loader/keys/auto lacks PK.auth, KEK.auth or db.auth', fetchAgain);
  const damaged = damagedEnrolmentFiles(enrolment);
  if (damaged.length > 0) {
    const files = damaged.map((file) => `${file}.auth`).join(', ');
    return failed(name, `damaged or not signed as it must be: ${files}`, fetchAgain);
  }
  if (keysDirectory === null) return passed(name, 'each is signed by the key above it');
  for (const one of enrolmentNames) {
    const file = path.join(keysDirectory, `${one}.crt`);
    if ((await readCertificate(file)).raw.equals(readEnrolmentFile(enrolment[one]).raw)) continue;
    return failed(
      name,
      `${one}.auth brings another certificate than ${file}`,
      'do not use it: others made it',
    );
  }
  return passed(name, `they are those of ${keysDirectory}`);
}

async function checkPrograms(options: ContentOptions, boot: BootPartition): Promise<readonly CheckResult[]> {
  const expected = await attemptKey(() => expectedCertificate(boot, options.keys));
  if (expected === null) {
    return [failed('boot programs', 'the image carries no certificate', 'name the keys: --keys DIRECTORY')];
  }
  const certificateFile = path.join(options.workDirectory, 'db.crt');
  await writeFile(certificateFile, expected.key.toString());
  const results: CheckResult[] = [];
  for (const { path: file, content } of boot.programs) {
    results.push(
      await attempt(file, async () => {
        const problem = programProblem(content, expected.key);
        if (problem !== null)
          return failed(file, problem, 'do not use it: firmware with Secure Boot refuses it');
        const programFile = path.join(options.workDirectory, 'program.efi');
        await writeFile(programFile, content);
        await runTool(options.tools, 'sbverify', ['--cert', certificateFile, programFile]);
        return passed(file, `signed by ${expected.trust}`);
      }),
    );
  }
  if (results.length === 0) return [failed('boot programs', 'there are none', fetchAgain)];
  return results;
}

/** A certificate that the image itself carries may be damaged; one that a person names is that person's mistake. */
async function attemptKey<Key>(work: () => Promise<Key>): Promise<Key | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BuildError) throw error;
    return null;
  }
}

function programProblem(content: Uint8Array, expected: X509Certificate): string | null {
  const signature = readProgramSignature(content);
  if (signature === null) return 'it is not signed';
  if (!signature.certificate.raw.equals(expected.raw)) {
    const named = ({ subject, fingerprint256 }: X509Certificate): string =>
      `"${subject}" ${fingerprint256.slice(0, 23)}…`;
    return `it is signed by ${named(signature.certificate)}, not by ${named(expected)}`;
  }
  return signature.isValid ? null : 'it was changed after it was signed';
}

function rootHashOf(boot: BootPartition): string | null {
  const program = boot.programs.find(({ path: file }) => file.endsWith('/trivet-a.efi'));
  try {
    return program === undefined ? null : readKernelImage(program.path, program.content).rootHash;
  } catch {
    return null;
  }
}

async function checkHashTree(options: ContentOptions, rootHash: string | null): Promise<CheckResult> {
  const name = 'root hash';
  if (rootHash === null) {
    return failed(name, 'no kernel image trivet-a.efi says which root it wants', fetchAgain);
  }
  return attempt(name, async () => {
    const [data, hashes] = [await extract(options, 'root-a'), await extract(options, 'verity-a')];
    await runTool(options.tools, 'veritysetup', ['verify', data, hashes, rootHash]);
    return passed(name, `the whole root hashes to ${rootHash.slice(0, 16)}…, which the kernel image demands`);
  });
}

async function checkRoot(options: ContentOptions): Promise<CheckResult> {
  const name = 'root file system';
  return attempt(name, async () => {
    await runTool(options.tools, 'fsck.erofs', ['--extract', await extract(options, 'root-a')]);
    return passed(name, 'fsck.erofs reads all of it');
  });
}

/** The partition as a file of its own, where holes stay holes. */
async function extract(options: ContentOptions, name: string): Promise<string> {
  const partition = options.table.partitions.find((candidate) => candidate.name === name);
  if (partition === undefined) throw new Error(`there is no partition ${name}`);
  const output = path.join(options.workDirectory, `${name}.part`);
  const [from, size] = [partition.firstLba * sectorSize, partition.sectors * sectorSize];
  await copyRange(options.image.rawFile, from, size, output);
  return output;
}
