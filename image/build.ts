/**
 * The build, top to bottom: recipe, plan, packages, tools, executable, root tree, file system, initrd, kernel image,
 * boot partition, disk, compressed disk, lock and report. Nothing of the target is run, and nothing needs privileges.
 */
import { copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { commitOf } from '../runtime/version.ts';
import type { ArchitectureName } from './architecture.ts';
import { buildExecutable } from './binary/binary.ts';
import type { BootFile } from './boot/boot-file.ts';
import { buildEsp } from './boot/esp.ts';
import { buildInitrd } from './boot/initrd.ts';
import { deviceTreeDirectory, deviceTreeFiles, raspberryPiFiles } from './boot/raspberry-pi.ts';
import { uefiFiles } from './boot/uefi.ts';
import { buildUki } from './boot/uki.ts';
import { cacheKey, openCache } from './cache/cache.ts';
import { sweepCache } from './cache/sweep.ts';
import { temporary } from './cache/temporary.ts';
import { version as builderVersion, checkout } from './checkout.ts';
import { writeBlockMap } from './disk/block-map.ts';
import { compressImage } from './disk/compress.ts';
import { writeFormat } from './disk/formats.ts';
import { type DiskLayout, layOutDisk } from './disk/partitions.ts';
import { sumsName } from './disk/sums.ts';
import { sha256OfFile, writeDisk } from './disk/write-disk.ts';
import { sectorSize } from './formats/gpt/layout.ts';
import { type ExtraFormat, extraFormats } from './formats/names.ts';
import { release } from './packages/apt.ts';
import { type InputLock, type Inputs, provideInputs } from './packages/inputs.ts';
import { describeImage } from './plan/image-description.ts';
import { derivedUuid, type ImagePlan, planImage } from './plan/plan.ts';
import type { Progress } from './progress.ts';
import { readRecipe } from './recipe/parse.ts';
import { formatResolvedRecipe, resolveRecipe } from './recipe/resolve.ts';
import { warnAbout } from './recipe/warnings.ts';
import type { BuildReport } from './report.ts';
import { buildBase } from './root/base.ts';
import { composeRoot } from './root/compose.ts';
import type { PackageSource } from './root/copyrights.ts';
import { makeRootFileSystem, type RootFileSystem, verityBlockSize } from './root/erofs.ts';
import { readModuleList } from './root/module-list.ts';
import { type KernelModules, selectModules } from './root/modules.ts';
import { readPackageFacts } from './sbom/package-facts.ts';
import { recordFiles } from './sbom/provenance.ts';
import { billNames, writeBills } from './sbom/write.ts';
import { chooseSigner } from './signing/choose-signer.ts';
import { signSums } from './signing/sign-sums.ts';
import type { Signer } from './signing/signer.ts';
import { type UpdateSource, writeUpdate } from './updates/write-update.ts';

export interface BuildOptions {
  readonly recipeFile: string;
  /** One of the recipe's; the only one when left out. */
  readonly architecture?: ArchitectureName;
  readonly outputDirectory: string;
  readonly lockFile: string | null;
  readonly offline: boolean;
  /** The directory of the keys to sign with, instead of the recipe's. */
  readonly keysDirectory: string | null;
  /** Signs in place of all keys. */
  readonly signer?: Signer | undefined;
  /** Beside the raw image; null for those that the recipe names. */
  readonly formats: readonly ExtraFormat[] | null;
  readonly progress: Progress;
}

const developmentKeysWarning =
  'signed with the development keys, which everybody has: trivet keys create makes your own, build --keys takes them';

/** Builds the image into `outputDirectory`, replacing what an earlier build left there. */
export async function buildImage(options: BuildOptions): Promise<BuildReport> {
  const { progress } = options;
  const cache = openCache();
  const parsed = await resolveRecipe(await readRecipe(options.recipeFile), options.recipeFile);
  for (const warning of warnAbout(parsed.recipe)) progress.warn(warning);
  const signer =
    options.signer ??
    (await chooseSigner({
      ...{ option: options.keysDirectory, recipe: parsed.recipe.keys, recipeFile: options.recipeFile },
    }));
  if (signer.kind === 'development') progress.warn(developmentKeysWarning);
  const plan = planImage(parsed, builderVersion, options.architecture);
  const description = describeImage(plan, signer);
  const { architecture, sourceDateEpoch } = plan;
  await sweepCache(cache);

  const inputs = await progress.stage(
    'packages',
    () => provideInputs({ plan, cache, lockFile: options.lockFile, offline: options.offline }),
    (value) => `${value.lock.base.length + value.lock.extra.length} packages, ${value.fetched} fetched`,
  );
  const { packageTree, extraTree } = inputs;
  const tools = { tree: inputs.toolTree, sourceDateEpoch };

  const binary = await progress.stage('executable', () =>
    buildExecutable({ checkout, architecture, version: plan.version, cache }),
  );
  const moduleList = await readModuleList(plan, plan.extraModules);
  const modules = await progress.stage('modules', async () =>
    selectModules(cache, tools, packageTree, moduleList.names),
  );
  const base = await progress.stage('base', () => buildBase({ cache, architecture, packageTree, modules }));

  await using work = await temporary(path.join(cache.directory, 'building', String(process.pid)));
  const at = (name: string): string => path.join(work.directory, name);
  const tree = at('root');
  await progress.stage('root tree', () =>
    composeRoot({
      ...{ plan, description, tools, base, packageTree, extraTree, output: tree, sources: sourcesOf(inputs) },
      ...{ binary: binary.file, licensesText: binary.notices.text },
    }),
  );
  const identity = await identityOf(plan, description, inputs, binary.file, base);
  const root = await progress.stage('file system', () =>
    makeRootFileSystem({ tools, tree, outputDirectory: work.directory, ...identity }),
  );

  const initrdFile = await progress.stage('initrd', () =>
    buildInitrd({
      ...{ cache, architecture, packageTree, modules, sourceDateEpoch },
      stages: moduleList.stages,
    }),
  );
  const kernelFile = path.join(packageTree, 'boot', `vmlinuz-${modules.kernelVersion}`);
  const kernel = await readFile(kernelFile);
  const initrd = await readFile(initrdFile);
  const commandLine = `${plan.commandLine} ${rootWords(root)}`;
  const uki = await progress.stage('boot', async () => {
    const { kernelVersion } = modules;
    const unsigned = await buildUki({
      ...{ architecture, packageTree, kernel, kernelVersion, initrd, commandLine },
      osRelease: plan.osRelease,
    });
    const image = signer.signProgram('the kernel image', unsigned);
    await buildEsp({
      ...{ tools, uki: image, sizeBytes: plan.espBytes, output: at('esp.fat') },
      ...{ files: await bootFiles(plan, inputs, modules, signer), workDirectory: work.directory },
    });
    await writeFile(at('kernel.efi'), image);
    return image;
  });

  const out = options.outputDirectory;
  await mkdir(out, { recursive: true });
  const formats = options.formats ?? extraFormats.filter((name) => parsed.recipe.formats.includes(name));
  const files = outputNames(plan, formats);
  const raw = path.join(out, files.raw);
  const zst = path.join(out, files.zst);
  // A report and sums describe complete images; while there is none, neither are they, nor images of an earlier build.
  const stale = extraFormats.map((format) => `${plan.fileName}.${format}`);
  for (const name of ['build.json', sumsName, `${sumsName}.sig`, ...stale])
    await rm(path.join(out, name), { force: true });
  const layout = layOutDisk({ ...plan, root });
  const contents = { esp: at('esp.fat'), 'root-a': root.dataFile, 'verity-a': root.hashFile };
  await progress.stage('disk', async () => {
    await writeDisk(raw, layout, contents);
    await writeBlockMap(path.join(out, files.bmap), raw, layout, contents);
  });
  await progress.stage('compress', () => compressImage(cache, raw, zst));
  await progress.stage('update', async () =>
    writeUpdate({
      ...{ cache, output: path.join(out, files.update), workDirectory: work.directory },
      manifest: {
        ...{ name: plan.name, version: plan.version, architecture: architecture.name },
        target: plan.target.name,
        rootHash: root.rootHash,
      },
      sources: [
        { kind: 'root', file: root.dataFile, diskOffset: offsetOf(layout, 'root-a') },
        { kind: 'verity', file: root.hashFile, diskOffset: offsetOf(layout, 'verity-a') },
        { kind: 'kernel', file: at('kernel.efi') },
        ...(await slotFiles(plan, inputs, modules)),
      ],
      sign: (bytes) => signer.signFile(bytes),
    }),
  );
  const rawSha256 = await sha256OfFile(raw);
  const rawDigest = { sha256: rawSha256, sourceDateEpoch };
  const nameOf = (format: ExtraFormat): string => path.join(out, `${plan.fileName}.${format}`);
  for (const format of formats)
    await progress.stage(format, () => writeFormat(format, nameOf(format), { raw, ...rawDigest }));
  const sha256 = await progress.stage('digests', async () => ({
    raw: rawSha256,
    zst: await sha256OfFile(zst),
    bmap: await sha256OfFile(path.join(out, files.bmap)),
    ...(await forEach(formats, (format) => sha256OfFile(nameOf(format)))),
  }));

  await progress.stage('bills', async () => {
    const { base: baseLock, extra, npm } = inputs.lock;
    const packages = [
      ...(await readPackageFacts(cache, baseLock, packageTree)),
      ...(extraTree === null ? [] : await readPackageFacts(cache, extra, extraTree)),
    ];
    const recipeFiles = plan.files.map((file) => file.path);
    await writeBills(
      out,
      {
        ...{ image: plan, sha256: sha256.raw, release, packages, integrities: npm },
        ...{ notices: binary.notices.components, builderVersion, sourceDateEpoch },
      },
      await recordFiles({ tree, packages, recipeFiles }),
    );
  });

  await copyFile(kernelFile, path.join(out, files.kernel));
  await copyFile(initrdFile, path.join(out, files.initrd));
  await writeFile(path.join(out, files.cmdline), `${commandLine}\n`);
  const lock = { ...inputs.lock, node: binary.nodeVersion, kernel: modules.kernelVersion };
  await writeFile(path.join(out, files.lock), `${JSON.stringify(lock, null, 2)}\n`);
  await writeFile(path.join(out, files.recipe), formatResolvedRecipe(parsed, plan));
  // What is signed does not say when it was made, so that anyone can make it again: the report is not among it.
  const { sums: _, ...named } = files;
  const known = Object.entries(sha256).map(([kind, digest]) => [
    files[kind as keyof typeof sha256] ?? kind,
    digest,
  ]);
  await signSums(out, Object.values(named), Object.fromEntries(known), signer);
  const report: BuildReport = {
    format: 1,
    name: plan.name,
    version: plan.version,
    architecture: architecture.name,
    files,
    keys: signer.kind,
    recipe: { name: path.basename(options.recipeFile), sha256: await sha256OfFile(options.recipeFile) },
    commit: commitOf(checkout),
    rootHash: root.rootHash,
    sha256,
    sizesBytes: {
      binary: (await stat(binary.file)).size,
      root: root.dataBytes,
      verity: root.hashBytes,
      kernel: kernel.length,
      initrd: initrd.length,
      uki: uki.length,
      raw: (await stat(raw)).size,
      zst: (await stat(zst)).size,
      update: (await stat(path.join(out, files.update))).size,
      ...(await forEach(formats, async (format) => (await stat(nameOf(format))).size)),
    },
    packages: lock.base.length + lock.extra.length,
    kernelVersion: modules.kernelVersion,
    stages: progress.times,
    seconds: progress.totalSeconds,
  };
  await writeFile(path.join(out, 'build.json'), `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

function outputNames(plan: ImagePlan, formats: readonly ExtraFormat[]): BuildReport['files'] {
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

/** The Debian packages of the image; what is in its initrd and its kernel image comes from them too. */
function sourcesOf({ lock, packageTree, extraTree }: Inputs): readonly PackageSource[] {
  const names = (packages: InputLock['base']): readonly string[] => packages.map(({ name }) => name);
  const base = { tree: packageTree, packages: names(lock.base) };
  return extraTree === null ? [base] : [base, { tree: extraTree, packages: names(lock.extra) }];
}

function bootFiles(
  plan: ImagePlan,
  { packageTree }: Inputs,
  { kernelVersion }: KernelModules,
  signer: Signer,
): Promise<readonly BootFile[]> {
  const { architecture, sourceDateEpoch, target } = plan;
  switch (target.bootChain) {
    case 'systemd-boot':
      return uefiFiles(packageTree, architecture, signer);
    case 'u-boot':
      return raspberryPiFiles({ packageTree, kernelVersion, sourceDateEpoch, signer });
  }
}

/** What a slot has on the boot partition beside its kernel image. */
async function slotFiles(
  { target }: ImagePlan,
  { packageTree }: Inputs,
  { kernelVersion }: KernelModules,
): Promise<readonly UpdateSource[]> {
  if (target.bootChain !== 'u-boot') return [];
  const trees = await deviceTreeFiles({ packageTree, kernelVersion });
  return trees.map(({ name, source }) => ({
    kind: 'file',
    path: `${deviceTreeDirectory}/${name}`,
    file: source,
  }));
}

/** What the initrd looks for; see root/initrd/init. */
function rootWords(root: RootFileSystem): string {
  const blocks = root.dataBytes / verityBlockSize;
  return `roothash=${root.rootHash} trivet.root=${root.uuid} trivet.verity=${blocks},${root.salt}`;
}

/** Names the root file system by everything that goes into it, before it is made. */
async function identityOf(
  plan: ImagePlan,
  description: string,
  inputs: Inputs,
  binaryFile: string,
  base: string,
): Promise<{ readonly uuid: string; readonly salt: string }> {
  const key = JSON.stringify({
    ...{ plan, description },
    base: path.basename(base),
    extra: inputs.lock.extra.map((item) => item.sha256),
    binary: await sha256OfFile(binaryFile),
  });
  return { uuid: derivedUuid(`root ${key}`), salt: cacheKey(`salt ${key}`) };
}
