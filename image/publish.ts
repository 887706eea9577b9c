/**
 * What a build leaves for people and devices: the disk image in its formats, the update file, bills of materials, the whole
 * recipe, the lock file, the signed sums, and the report.
 */
import { copyFile, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { operatorFingerprint } from '../runtime/operator/operator-key.ts';
import { commitOf } from '../runtime/version.ts';
import { deviceTreeDirectory, deviceTreeFiles } from './boot/raspberry-pi.ts';
import type { Cache } from './cache/cache.ts';
import { version as builderVersion, checkout } from './checkout.ts';
import { writeBlockMap } from './disk/block-map.ts';
import { compressImage } from './disk/compress.ts';
import { writeFormat } from './disk/formats.ts';
import { type DiskLayout, layOutDisk } from './disk/partitions.ts';
import { sumsName } from './disk/sums.ts';
import { sha256OfFile, writeDisk } from './disk/write-disk.ts';
import { sectorSize } from './formats/gpt/layout.ts';
import { type ExtraFormat, extraFormats } from './formats/names.ts';
import type { ImageParts } from './make-parts.ts';
import { release } from './packages/apt.ts';
import type { Inputs } from './packages/inputs.ts';
import type { ImagePlan } from './plan/plan.ts';
import type { Progress } from './progress.ts';
import type { ParsedRecipe } from './recipe/parse.ts';
import { formatResolvedRecipe } from './recipe/resolve.ts';
import type { BuildReport } from './report.ts';
import { readPackageFacts } from './sbom/package-facts.ts';
import { recordFiles } from './sbom/provenance.ts';
import { billNames, writeBills } from './sbom/write.ts';
import { signSums } from './signing/sign-sums.ts';
import type { Signer } from './signing/signer.ts';
import { type UpdateSource, writeUpdate } from './updates/write-update.ts';

export interface PublishOptions {
  /** With everything it names. */
  readonly parsed: ParsedRecipe;
  readonly recipeFile: string;
  readonly plan: ImagePlan;
  readonly signer: Signer;
  readonly inputs: Inputs;
  readonly parts: ImageParts;
  readonly cache: Cache;
  readonly progress: Progress;
  readonly workDirectory: string;
  readonly outputDirectory: string;
  readonly formats: readonly ExtraFormat[];
}

type Files = BuildReport['files'];
type Digests = BuildReport['sha256'];

/** A report and sums describe complete images: they go first, and come last. */
export async function publishImage(options: PublishOptions): Promise<BuildReport> {
  const { plan, parts, formats, signer, outputDirectory: out } = options;
  await mkdir(out, { recursive: true });
  const stale = extraFormats.map((format) => `${plan.fileName}.${format}`);
  for (const name of ['build.json', sumsName, `${sumsName}.sig`, ...stale])
    await rm(path.join(out, name), { force: true });
  const files = outputNames(plan, formats);
  const layout = layOutDisk({ ...plan, root: parts.root });
  await writeImage(options, files, layout);
  await writeUpdateFile(options, files, layout);
  const sha256 = await writeFormats(options, files);
  await writeDocuments(options, files, sha256);
  // What is signed does not say when it was made, so that anyone can make it again: the report is not among it.
  const { sums: _, ...named } = files;
  const known = Object.entries(sha256).map(([kind, digest]) => [
    files[kind as keyof Digests] ?? kind,
    digest,
  ]);
  await signSums(out, Object.values(named), Object.fromEntries(known), signer);
  const report = await reportOf(options, files, sha256);
  await writeFile(path.join(out, 'build.json'), `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

async function writeImage(options: PublishOptions, files: Files, layout: DiskLayout): Promise<void> {
  const { parts, cache, progress, outputDirectory: out } = options;
  const { root, espFile } = parts;
  const raw = path.join(out, files.raw);
  const contents = { esp: espFile, 'root-a': root.dataFile, 'verity-a': root.hashFile };
  await progress.stage('disk', async () => {
    await writeDisk(raw, layout, contents);
    await writeBlockMap(path.join(out, files.bmap), raw, layout, contents);
  });
  await progress.stage('compress', () => compressImage(cache, raw, path.join(out, files.zst)));
}

async function writeUpdateFile(options: PublishOptions, files: Files, layout: DiskLayout): Promise<void> {
  const { plan, parts, signer, cache, workDirectory } = options;
  const { root, ukiFile } = parts;
  await options.progress.stage('update', async () =>
    writeUpdate({
      ...{ cache, output: path.join(options.outputDirectory, files.update), workDirectory },
      manifest: {
        ...{ name: plan.name, version: plan.version, architecture: plan.architecture.name },
        ...{ target: plan.target.name, rootHash: root.rootHash },
      },
      sources: [
        { kind: 'root', file: root.dataFile, diskOffset: offsetOf(layout, 'root-a') },
        { kind: 'verity', file: root.hashFile, diskOffset: offsetOf(layout, 'verity-a') },
        { kind: 'kernel', file: ukiFile },
        ...(await slotFiles(options)),
      ],
      sign: (bytes) => signer.signFile(bytes),
    }),
  );
}

/** @returns the digests of every form of the disk. */
async function writeFormats(options: PublishOptions, files: Files): Promise<Digests> {
  const { plan, formats, progress } = options;
  const at = (name: string): string => path.join(options.outputDirectory, name);
  const raw = at(files.raw);
  const source = { raw, sha256: await sha256OfFile(raw), sourceDateEpoch: plan.sourceDateEpoch };
  for (const format of formats)
    await progress.stage(format, () => writeFormat(format, at(files[format]!), source));
  return progress.stage('digests', async () => ({
    raw: source.sha256,
    zst: await sha256OfFile(at(files.zst)),
    bmap: await sha256OfFile(at(files.bmap)),
    ...(await forEach(formats, (format) => sha256OfFile(at(files[format]!)))),
  }));
}

/** Bills of materials, what boots the image without its boot loader, and what builds it again. */
async function writeDocuments(options: PublishOptions, files: Files, sha256: Digests): Promise<void> {
  const { plan, parts, inputs, outputDirectory: out } = options;
  const at = (name: string): string => path.join(out, name);
  await options.progress.stage('bills', async () => {
    const { base, extra, npm } = inputs.lock;
    const packages = [
      ...(await readPackageFacts(options.cache, base, inputs.packageTree)),
      ...(inputs.extraTree === null ? [] : await readPackageFacts(options.cache, extra, inputs.extraTree)),
    ];
    const recipeFiles = plan.files.map((file) => file.path);
    await writeBills(
      out,
      {
        ...{ image: plan, sha256: sha256.raw, release, packages, integrities: npm, builderVersion },
        ...{ notices: parts.binary.notices.components, sourceDateEpoch: plan.sourceDateEpoch },
      },
      await recordFiles({ tree: parts.tree, packages, recipeFiles }),
    );
  });
  await copyFile(parts.kernelFile, at(files.kernel));
  await copyFile(parts.initrdFile, at(files.initrd));
  await writeFile(at(files.cmdline), `${parts.commandLine}\n`);
  const lock = { ...inputs.lock, node: parts.binary.nodeVersion, kernel: parts.modules.kernelVersion };
  await writeFile(at(files.lock), `${JSON.stringify(lock, null, 2)}\n`);
  await writeFile(at(files.recipe), formatResolvedRecipe(options.parsed, plan));
}

async function reportOf(options: PublishOptions, files: Files, sha256: Digests): Promise<BuildReport> {
  const { plan, parts, inputs, recipeFile, progress, formats } = options;
  const sizeOf = async (file: string): Promise<number> => (await stat(file)).size;
  const published = (name: string): Promise<number> => sizeOf(path.join(options.outputDirectory, name));
  return {
    format: 1,
    ...{ name: plan.name, version: plan.version, architecture: plan.architecture.name, files },
    keys: options.signer.kind,
    operators: (options.parsed.recipe.operators ?? []).map(({ name, key }) => {
      return { name, fingerprint: operatorFingerprint(key) };
    }),
    recipe: { name: path.basename(recipeFile), sha256: await sha256OfFile(recipeFile) },
    commit: commitOf(checkout),
    rootHash: parts.root.rootHash,
    sha256,
    sizesBytes: {
      binary: await sizeOf(parts.binary.file),
      root: parts.root.dataBytes,
      verity: parts.root.hashBytes,
      kernel: await sizeOf(parts.kernelFile),
      initrd: await sizeOf(parts.initrdFile),
      uki: await sizeOf(parts.ukiFile),
      raw: await published(files.raw),
      zst: await published(files.zst),
      update: await published(files.update),
      ...(await forEach(formats, (format) => published(files[format]!))),
    },
    packages: inputs.lock.base.length + inputs.lock.extra.length,
    kernelVersion: parts.modules.kernelVersion,
    stages: progress.times,
    seconds: progress.totalSeconds,
  };
}

function outputNames(plan: ImagePlan, formats: readonly ExtraFormat[]): Files {
  return {
    ...Object.fromEntries(formats.map((format) => [format, `${plan.fileName}.${format}`])),
    raw: `${plan.fileName}.raw`,
    zst: `${plan.fileName}.raw.zst`,
    update: `${plan.fileName}.update`,
    bmap: `${plan.fileName}.raw.bmap`,
    sums: sumsName,
    lock: `${plan.fileName}.lock.json`,
    recipe: `${plan.fileName}.recipe.yaml`,
    ...billNames(plan.fileName),
    kernel: 'kernel',
    initrd: 'initrd',
    cmdline: 'cmdline',
  };
}

function offsetOf(layout: DiskLayout, name: string): number {
  return layout.partitions.find((partition) => partition.name === name)!.firstLba * sectorSize;
}

/** What `look` finds of each, by its name. */
async function forEach<T>(
  formats: readonly ExtraFormat[],
  look: (format: ExtraFormat) => Promise<T>,
): Promise<{ readonly [Format in ExtraFormat]?: T }> {
  return Object.fromEntries(await Promise.all(formats.map(async (format) => [format, await look(format)])));
}

/** What a slot has on the boot partition beside its kernel image. */
async function slotFiles({ plan, inputs, parts }: PublishOptions): Promise<readonly UpdateSource[]> {
  if (plan.target.bootChain !== 'u-boot') return [];
  const { packageTree } = inputs;
  const trees = await deviceTreeFiles({ packageTree, kernelVersion: parts.modules.kernelVersion });
  return trees.map(({ name, source }) => ({
    kind: 'file',
    path: `${deviceTreeDirectory}/${name}`,
    file: source,
  }));
}
