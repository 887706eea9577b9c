/**
 * Builds an image again from the recipe and the lock file beside it, without its private keys: the signatures are those of
 * the image, which hold by then. One that is the same in every byte was made of just these sources.
 */
import { access, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { buildImage } from '../build.ts';
import type { Cache } from '../cache/cache.ts';
import { sha256OfFile } from '../disk/write-disk.ts';
import type { PartitionTable } from '../formats/gpt/gpt.ts';
import type { BootPartition } from '../inspect/boot-partition.ts';
import { besideImage, type ImageFile, readOptional } from '../inspect/image-file.ts';
import { inspectKeys } from '../inspect/signatures.ts';
import type { Progress } from '../progress.ts';
import type { BuildReport } from '../report.ts';
import { publicKeyFile, readPublicKey } from '../signing/key-directory.ts';
import { signatureName } from '../signing/sign-sums.ts';
import type { Signer } from '../signing/signer.ts';
import { takenSigner } from '../signing/taken-signer.ts';
import type { Tools } from '../tools/tools.ts';
import { describeDifference } from './compare.ts';
import { attempt, type CheckResult, failed, fetchAgain, passed } from './result.ts';

export interface RebuildOptions {
  readonly image: ImageFile;
  readonly table: PartitionTable;
  readonly tools: Tools;
  readonly cache: Cache;
  readonly progress: Progress;
  readonly boot: BootPartition | null;
  /** All checks before this one have passed. */
  readonly isSound: boolean;
  readonly workDirectory: string;
}

const name = 'rebuild';

export async function checkRebuild(options: RebuildOptions): Promise<CheckResult> {
  const { image } = options;
  if (!options.isSound || options.boot?.enrolment == null) {
    return failed(name, 'not begun, because the image itself is not sound', fetchAgain);
  }
  const recipeFile = besideImage(image, '.recipe.yaml');
  const lockFile = besideImage(image, '.lock.json');
  for (const file of [recipeFile, lockFile]) {
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (!isThere) return failed(name, `there is no ${file}`, 'put it there; the build writes it');
  }
  const signer = await takeSigner(image, options.boot);
  return attempt(name, async () => {
    const outputDirectory = path.join(options.workDirectory, 'image');
    await mkdir(outputDirectory, { recursive: true });
    const report = await buildImage({
      ...{ recipeFile, lockFile, outputDirectory, signer, progress: options.progress },
      ...{ offline: false, keysDirectory: null, formats: [] },
    });
    const rebuilt = path.join(outputDirectory, report.files.raw);
    const digest = await sha256OfFile(image.rawFile);
    if (report.sha256.raw === digest) {
      return passed(name, `recipe and lock file give the same ${image.sizeBytes} bytes: sha256 ${digest}`);
    }
    const difference = await describeDifference({ ...options, first: image.rawFile, second: rebuilt });
    return failed(name, `another image comes out: ${difference}`, await adviceFor(image, report.commit));
  });
}

/** The executable holds the commit that it was made from. */
async function adviceFor(image: ImageFile, commit: string): Promise<string> {
  const made = await commitOfReport(path.join(image.directory, 'build.json'));
  if (made !== null && made !== commit) {
    return `it was made by the commit ${made} of Trivet, and this is ${commit}: check that one out`;
  }
  return 'check out the commit of Trivet that made it; if that differs too, it was not made of these sources';
}

/** Null when there is no report, or none that can be read: nobody signs it, and it is only a hint. */
async function commitOfReport(file: string): Promise<string | null> {
  try {
    return (JSON.parse(await readFile(file, 'utf8')) as Partial<BuildReport>).commit ?? null;
  } catch {
    return null;
  }
}

async function takeSigner(image: ImageFile, boot: BootPartition): Promise<Signer> {
  const signature = await readOptional(path.join(image.directory, signatureName));
  const { kind } = await inspectKeys(image, boot);
  return takenSigner({
    kind: kind ?? 'operator',
    publicKeyPem: await readPublicKey(path.join(image.directory, publicKeyFile)),
    enrolment: boot.enrolment!,
    programs: boot.programs.map(({ content }) => content),
    fileSignatures: signature === null ? [] : [signature],
  });
}
