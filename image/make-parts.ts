/** Everything that a disk image is made of: executable, root file system, initrd, kernel image, boot partition. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildExecutable, type Executable } from './binary/binary.ts';
import type { BootFile } from './boot/boot-file.ts';
import { buildEsp } from './boot/esp.ts';
import { buildInitrd } from './boot/initrd.ts';
import { raspberryPiFiles } from './boot/raspberry-pi.ts';
import { uefiFiles } from './boot/uefi.ts';
import { buildUki } from './boot/uki.ts';
import { type Cache, cacheKey } from './cache/cache.ts';
import { checkout } from './checkout.ts';
import { sha256OfFile } from './disk/write-disk.ts';
import type { InputLock, Inputs } from './packages/inputs.ts';
import { describeImage } from './plan/image-description.ts';
import { derivedUuid, type ImagePlan } from './plan/plan.ts';
import type { Progress } from './progress.ts';
import { buildBase } from './root/base.ts';
import { composeRoot } from './root/compose.ts';
import type { PackageSource } from './root/copyrights.ts';
import { makeRootFileSystem, type RootFileSystem, verityBlockSize } from './root/erofs.ts';
import { readModuleList } from './root/module-list.ts';
import { type KernelModules, selectModules } from './root/modules.ts';
import type { Signer } from './signing/signer.ts';

export interface PartsOptions {
  readonly plan: ImagePlan;
  readonly signer: Signer;
  readonly inputs: Inputs;
  readonly cache: Cache;
  readonly progress: Progress;
  /** Files are made there. */
  readonly workDirectory: string;
}

export interface ImageParts {
  readonly binary: Executable;
  readonly modules: KernelModules;
  /** The root file system's tree, and what was made of it. */
  readonly tree: string;
  readonly root: RootFileSystem;
  readonly kernelFile: string;
  readonly initrdFile: string;
  readonly commandLine: string;
  /** The signed kernel image (UKI), and the boot partition that holds it. */
  readonly ukiFile: string;
  readonly espFile: string;
}

export async function makeParts(options: PartsOptions): Promise<ImageParts> {
  const { plan, signer, inputs, cache, progress, workDirectory } = options;
  const { architecture, sourceDateEpoch } = plan;
  const { packageTree, extraTree } = inputs;
  const tools = { tree: inputs.toolTree, sourceDateEpoch };

  const binary = await progress.stage('executable', () =>
    buildExecutable({ checkout, architecture, version: plan.version, cache }),
  );
  const moduleList = await readModuleList(plan, plan.extraModules);
  const modules = await progress.stage('modules', async () =>
    selectModules(cache, tools, packageTree, moduleList.names),
  );
  const encryptsData = plan.dataEncryption !== undefined;
  const base = await progress.stage('base', () =>
    buildBase({ cache, architecture, packageTree, modules, encryptsData }),
  );

  const at = (name: string): string => path.join(workDirectory, name);
  const description = describeImage(plan, signer);
  const tree = at('root');
  await progress.stage('root tree', () =>
    composeRoot({
      ...{ plan, description, tools, base, packageTree, extraTree, output: tree, sources: sourcesOf(inputs) },
      ...{ binary: binary.file, licensesText: binary.notices.text },
    }),
  );
  const identity = await identityOf(plan, description, inputs, binary.file, base);
  const root = await progress.stage('file system', () =>
    makeRootFileSystem({ tools, tree, outputDirectory: workDirectory, ...identity }),
  );

  const initrdFile = await progress.stage('initrd', () =>
    buildInitrd({
      ...{ cache, architecture, packageTree, modules, sourceDateEpoch, encryptsData },
      stages: moduleList.stages,
    }),
  );
  const kernelFile = path.join(packageTree, 'boot', `vmlinuz-${modules.kernelVersion}`);
  const commandLine = `${plan.commandLine} ${rootWords(root)}`;
  const [ukiFile, espFile] = [at('kernel.efi'), at('esp.fat')];
  await progress.stage('boot', async () => {
    const { kernelVersion } = modules;
    const unsigned = await buildUki({
      ...{ architecture, packageTree, kernelVersion, commandLine, osRelease: plan.osRelease },
      ...{ kernel: await readFile(kernelFile), initrd: await readFile(initrdFile) },
    });
    const uki = signer.signProgram('the kernel image', unsigned);
    await writeFile(ukiFile, uki);
    const files = await bootFiles(plan, inputs, modules, signer);
    await buildEsp({ tools, uki, files, sizeBytes: plan.espBytes, workDirectory, output: espFile });
  });
  return { binary, modules, tree, root, kernelFile, initrdFile, commandLine, ukiFile, espFile };
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
