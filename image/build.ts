/**
 * The build, top to bottom: recipe, plan, packages, tools, executable, root tree, file system, initrd, kernel image,
 * boot partition, disk, compressed disk, lock and report. Nothing of the target is run, and nothing needs privileges.
 */
import { copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
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
import { compressImage } from './disk/compress.ts';
import { type DiskLayout, layOutDisk } from './disk/partitions.ts';
import { sha256OfFile, writeDisk } from './disk/write-disk.ts';
import { sectorSize } from './formats/gpt/layout.ts';
import { type InputLock, type Inputs, provideInputs } from './packages/inputs.ts';
import { derivedUuid, type ImagePlan, planImage } from './plan/plan.ts';
import type { Progress } from './progress.ts';
import { readRecipe } from './recipe/parse.ts';
import { warnAbout } from './recipe/warnings.ts';
import type { BuildReport } from './report.ts';
import { buildBase } from './root/base.ts';
import { composeRoot } from './root/compose.ts';
import type { PackageSource } from './root/copyrights.ts';
import { makeRootFileSystem, type RootFileSystem, verityBlockSize } from './root/erofs.ts';
import { readModuleList } from './root/module-list.ts';
import { type KernelModules, selectModules } from './root/modules.ts';
import { developmentPublicKey, signForDevelopment } from './updates/development-key.ts';
import { imageFacts } from './updates/image-facts.ts';
import { type UpdateSource, writeUpdate } from './updates/write-update.ts';

export interface BuildOptions {
  readonly recipeFile: string;
  /** One of the recipe's; the only one when left out. */
  readonly architecture?: ArchitectureName;
  readonly outputDirectory: string;
  readonly lockFile: string | null;
  readonly offline: boolean;
  readonly progress: Progress;
}

/** Builds the image into `outputDirectory`, replacing what an earlier build left there. */
export async function buildImage(options: BuildOptions): Promise<BuildReport> {
  const { progress } = options;
  const cache = openCache();
  const parsed = await readRecipe(options.recipeFile);
  for (const warning of warnAbout(parsed.recipe)) progress.warn(warning);
  const plan = planImage(parsed, builderVersion, options.architecture);
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
  const facts = imageFacts({ plan, keys: 'development', publicKey: developmentPublicKey });
  await progress.stage('root tree', () =>
    composeRoot({
      ...{ plan, tools, base, packageTree, extraTree, output: tree, sources: sourcesOf(inputs) },
      ...{ binary: binary.file, licensesText: binary.notices.text, imageFacts: facts },
      recipeDirectory: path.dirname(options.recipeFile),
    }),
  );
  const identity = await identityOf(plan, inputs, binary.file, base, facts);
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
    const image = await buildUki({
      ...{ architecture, packageTree, kernel, kernelVersion, initrd, commandLine },
      osRelease: plan.osRelease,
    });
    await buildEsp({
      ...{ tools, uki: image, sizeBytes: plan.espBytes, files: await bootFiles(plan, inputs, modules) },
      ...{ workDirectory: work.directory, output: at('esp.fat') },
    });
    await writeFile(at('kernel.efi'), image);
    return image;
  });

  const out = options.outputDirectory;
  await mkdir(out, { recursive: true });
  const files = outputNames(plan);
  const raw = path.join(out, files.raw);
  const zst = path.join(out, files.zst);
  // A report describes a complete image; while there is none, neither is the other.
  await rm(path.join(out, 'build.json'), { force: true });
  const layout = layOutDisk({ ...plan, root });
  await progress.stage('disk', () =>
    writeDisk(raw, layout, { esp: at('esp.fat'), 'root-a': root.dataFile, 'verity-a': root.hashFile }),
  );
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
      sign: signForDevelopment,
    }),
  );
  const sha256 = await progress.stage('digests', async () => ({
    raw: await sha256OfFile(raw),
    zst: await sha256OfFile(zst),
  }));

  await copyFile(kernelFile, path.join(out, files.kernel));
  await copyFile(initrdFile, path.join(out, files.initrd));
  await writeFile(path.join(out, files.cmdline), `${commandLine}\n`);
  const lock = { ...inputs.lock, node: binary.nodeVersion, kernel: modules.kernelVersion };
  await writeFile(path.join(out, files.lock), `${JSON.stringify(lock, null, 2)}\n`);
  const report: BuildReport = {
    format: 1,
    name: plan.name,
    version: plan.version,
    architecture: architecture.name,
    files,
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
    },
    packages: lock.base.length + lock.extra.length,
    kernelVersion: modules.kernelVersion,
    stages: progress.times,
    seconds: progress.totalSeconds,
  };
  await writeFile(path.join(out, 'build.json'), `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

function outputNames(plan: ImagePlan): BuildReport['files'] {
  return {
    raw: `${plan.fileName}.raw`,
    zst: `${plan.fileName}.raw.zst`,
    update: `${plan.fileName}.update`,
    lock: `${plan.fileName}.lock.json`,
    kernel: 'kernel',
    initrd: 'initrd',
    cmdline: 'cmdline',
  };
}

function offsetOf(layout: DiskLayout, name: string): number {
  return layout.partitions.find((partition) => partition.name === name)!.firstLba * sectorSize;
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
): Promise<readonly BootFile[]> | readonly BootFile[] {
  const { architecture, sourceDateEpoch, target } = plan;
  switch (target.bootChain) {
    case 'systemd-boot':
      return uefiFiles(packageTree, architecture);
    case 'u-boot':
      return raspberryPiFiles({ packageTree, kernelVersion, sourceDateEpoch });
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
  inputs: Inputs,
  binaryFile: string,
  base: string,
  facts: string,
): Promise<{ readonly uuid: string; readonly salt: string }> {
  const key = JSON.stringify({
    plan,
    facts,
    base: path.basename(base),
    extra: inputs.lock.extra.map((item) => item.sha256),
    binary: await sha256OfFile(binaryFile),
  });
  return { uuid: derivedUuid(`root ${key}`), salt: cacheKey(`salt ${key}`) };
}
