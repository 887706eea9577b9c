/**
 * The build, top to bottom: recipe, plan, packages, tools, executable, root tree, file system, initrd, kernel image,
 * boot partition, disk, compressed disk, lock and report. Nothing of the target is run, and nothing needs privileges.
 */
import { copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildExecutable } from './binary/binary.ts';
import { buildEsp } from './boot/esp.ts';
import { buildInitrd } from './boot/initrd.ts';
import { buildUki } from './boot/uki.ts';
import { cacheKey, openCache } from './cache/cache.ts';
import { sweepCache } from './cache/sweep.ts';
import { temporary } from './cache/temporary.ts';
import { version as builderVersion, checkout } from './checkout.ts';
import { writeBlockMap } from './disk/block-map.ts';
import { compressImage } from './disk/compress.ts';
import { writeFormat } from './disk/formats.ts';
import { layOutDisk } from './disk/partitions.ts';
import { sumsName, writeSums } from './disk/sums.ts';
import { sha256OfFile, writeDisk } from './disk/write-disk.ts';
import { type ExtraFormat, extraFormats } from './formats/names.ts';
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
import { parseAssignments, readList } from './root/list-file.ts';
import { selectModules } from './root/modules.ts';

export interface BuildOptions {
  readonly recipeFile: string;
  readonly outputDirectory: string;
  readonly lockFile: string | null;
  readonly offline: boolean;
  /** Beside the raw image; null for those that the recipe names. */
  readonly formats: readonly ExtraFormat[] | null;
  readonly progress: Progress;
}

/** Builds the image into `outputDirectory`, replacing what an earlier build left there. */
export async function buildImage(options: BuildOptions): Promise<BuildReport> {
  const { progress } = options;
  const cache = openCache();
  const parsed = await readRecipe(options.recipeFile);
  for (const warning of warnAbout(parsed.recipe)) progress.warn(warning);
  const plan = planImage(parsed, builderVersion);
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
  const modules = await progress.stage('modules', async () =>
    selectModules(cache, tools, packageTree, await moduleNames()),
  );
  const base = await progress.stage('base', () => buildBase({ cache, architecture, packageTree, modules }));

  await using work = await temporary(path.join(cache.directory, 'building', String(process.pid)));
  const at = (name: string): string => path.join(work.directory, name);
  const tree = at('root');
  await progress.stage('root tree', () =>
    composeRoot({
      ...{ plan, tools, base, packageTree, extraTree, output: tree, sources: sourcesOf(inputs) },
      ...{ binary: binary.file, licensesText: binary.notices.text },
      recipeDirectory: path.dirname(options.recipeFile),
    }),
  );
  const identity = await identityOf(plan, inputs, binary.file, base);
  const root = await progress.stage('file system', () =>
    makeRootFileSystem({ tools, tree, outputDirectory: work.directory, ...identity }),
  );

  const initrdFile = await progress.stage('initrd', () =>
    buildInitrd({ cache, architecture, packageTree, modules, sourceDateEpoch }),
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
      ...{ tools, architecture, packageTree, uki: image, sizeBytes: plan.espBytes },
      ...{ entryName: `trivet_${plan.version}`, workDirectory: work.directory, output: at('esp.fat') },
    });
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
      ...(await forEach(formats, async (format) => (await stat(nameOf(format))).size)),
    },
    packages: lock.base.length + lock.extra.length,
    kernelVersion: modules.kernelVersion,
    stages: progress.times,
    seconds: progress.totalSeconds,
  };
  await writeFile(path.join(out, 'build.json'), `${JSON.stringify(report, null, 2)}\n`);
  // The report itself is not among them: it tells times, so it differs from build to build.
  const { sums: _, ...named } = files;
  const known = Object.entries(sha256).map(([kind, digest]) => [
    files[kind as keyof typeof sha256] ?? kind,
    digest,
  ]);
  await writeSums(out, Object.values(named), Object.fromEntries(known));
  return report;
}

function outputNames(plan: ImagePlan, formats: readonly ExtraFormat[]): BuildReport['files'] {
  return {
    ...Object.fromEntries(formats.map((format) => [format, `${plan.fileName}.${format}`])),
    raw: `${plan.fileName}.raw`,
    zst: `${plan.fileName}.raw.zst`,
    bmap: `${plan.fileName}.raw.bmap`,
    sums: sumsName,
    lock: `${plan.fileName}.lock.json`,
    kernel: 'kernel',
    initrd: 'initrd',
    cmdline: 'cmdline',
  };
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
): Promise<{ readonly uuid: string; readonly salt: string }> {
  const key = JSON.stringify({
    plan,
    base: path.basename(base),
    extra: inputs.lock.extra.map((item) => item.sha256),
    binary: await sha256OfFile(binaryFile),
  });
  return { uuid: derivedUuid(`root ${key}`), salt: cacheKey(`salt ${key}`) };
}

async function moduleNames(): Promise<readonly string[]> {
  const root = await readList(new URL('./root/modules.txt', import.meta.url));
  const initrd = await readFile(new URL('./root/initrd/modules.txt', import.meta.url), 'utf8');
  const names = [
    ...root.map((line) => line.text),
    ...parseAssignments(initrd).flatMap(([, values]) => values),
  ];
  return [...new Set(names)].sort();
}
