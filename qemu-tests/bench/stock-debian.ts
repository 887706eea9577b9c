/**
 * A stock Debian to compare with, as a cloud's image is: systemd, udev, dbus, networkd, resolved, timesyncd, an SSH server and
 * cloud-init with a local data source, all packages whole and as they are, on ext4, started by the same systemd-boot and
 * kernel. In its favour it has an initrd that does nothing but mount (Debian's own does much more) and no package beyond these.
 */
import { spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { architectureOf } from '../../image/architecture.ts';
import { buildEsp } from '../../image/boot/esp.ts';
import { uefiFiles } from '../../image/boot/uefi.ts';
import { buildUki } from '../../image/boot/uki.ts';
import { type Cache, openCache } from '../../image/cache/cache.ts';
import { writeDisk } from '../../image/disk/write-disk.ts';
import { type CpioEntry, encodeCpio } from '../../image/formats/cpio/cpio.ts';
import { backupSectors } from '../../image/formats/gpt/gpt.ts';
import { sectorSize } from '../../image/formats/gpt/layout.ts';
import { openApt, updateLists } from '../../image/packages/apt.ts';
import { fetchPackages } from '../../image/packages/fetch.ts';
import { resolvePackages } from '../../image/packages/resolve.ts';
import { unpackPackages } from '../../image/packages/unpack.ts';
import { derivedUuid } from '../../image/plan/plan.ts';
import {
  type KernelModules,
  kernelVersionOf,
  moduleDirectory,
  selectModules,
} from '../../image/root/modules.ts';
import { developmentKeys } from '../../image/signing/development-keys.ts';
import { signerOf } from '../../image/signing/signer.ts';
import { targetOf } from '../../image/targets.ts';
import { runTool, type Tools, toolPackages } from '../../image/tools/tools.ts';
import type { BootImage } from '../machine/image.ts';

/** The essential packages, which nothing depends on, and what a cloud's image has. */
const packages: readonly string[] = [
  ...[
    'base-files',
    'base-passwd',
    'bash',
    'bsdutils',
    'coreutils',
    'dash',
    'debianutils',
    'diffutils',
    'dpkg',
  ],
  ...['findutils', 'grep', 'gzip', 'hostname', 'init-system-helpers', 'libc-bin', 'login', 'login.defs'],
  ...['mawk', 'mount', 'ncurses-base', 'ncurses-bin', 'passwd', 'perl-base', 'sed', 'sysvinit-utils', 'tar'],
  ...[
    'util-linux',
    'apt',
    'kmod',
    'e2fsprogs',
    'iproute2',
    'procps',
    'libpam-systemd',
    'libpam-runtime',
    'netcat-openbsd',
  ],
  ...['systemd', 'systemd-sysv', 'udev', 'dbus', 'systemd-resolved', 'systemd-timesyncd'],
  ...['openssh-server', 'cloud-init', 'linux-image-cloud-amd64'],
  // Ours: its initrd and its boot partition.
  ...['busybox-static', 'systemd-boot-efi'],
];

const architecture = architectureOf('x86_64');
/** As our images have it, but systemd names the targets that it reaches. */
const commandLine =
  'root=/dev/vda2 ro console=tty0 console=ttyS0 quiet loglevel=4 panic=10 net.ifnames=0 TERM=dumb systemd.show_status=1';
/** Enough for any slot of ours too. */
const espBytes = 96 * 1024 ** 2;
const rootBytes = 1536 * 1024 ** 2;
/** What an ext4 root needs to be seen; systemd loads the rest. */
const initrdModules = ['virtio_blk', 'crc32c_generic', 'ext4'];
const stockFile = (name: string): URL => new URL(`stock/${name}`, import.meta.url);

/** What the system says on its console when it is up, and when a part of it is not, so that nothing is compared with a ruin. */
export const stockIsUp = /Reached target .*multi-user\.target/;
export const stockHasFailed = /\[FAILED\]|not found/;

export interface StockDebian {
  readonly image: BootImage;
  readonly kernelVersion: string;
  readonly packages: number;
}

/** Makes it in `directory`. */
export async function makeStockDebian(directory: string): Promise<StockDebian> {
  const cache = openCache();
  const { tree, count } = await fetchTree(cache, packages);
  const tools: Tools = { tree: (await fetchTree(cache, toolPackages)).tree, sourceDateEpoch: 1 };
  const kernelVersion = await kernelVersionOf(tree);
  const root = path.join(directory, 'root');
  await mkdir(directory, { recursive: true });
  runProgram('cp', ['-a', tree, root]);
  await configure(root, tools, kernelVersion);
  const rootImage = path.join(directory, 'root.ext4');
  await writeFile(rootImage, '');
  makeFileSystem(root, rootImage);
  const modules = await selectModules(cache, tools, tree, initrdModules);
  const uki = await buildUki({
    ...{ architecture, packageTree: tree, kernelVersion, commandLine, osRelease: 'ID=debian\n' },
    kernel: await readFile(path.join(tree, 'boot', `vmlinuz-${kernelVersion}`)),
    initrd: zstdCompressSync(await makeInitrd(tree, modules)),
  });
  const signer = signerOf(await developmentKeys());
  const esp = path.join(directory, 'esp.fat');
  await buildEsp({
    ...{ tools, uki: signer.signProgram('the kernel image', uki), sizeBytes: espBytes, output: esp },
    ...{ files: await uefiFiles(tree, architecture, signer), workDirectory: directory },
  });
  const file = path.join(directory, 'stock.raw');
  const sizeBytes = await writePartitions(file, esp, rootImage);
  runProgram('rm', ['-rf', root, rootImage, esp]);
  const image = {
    file,
    sizeBytes,
    architecture: architecture.name,
    bootChain: 'systemd-boot',
    direct: null,
  } as const;
  return { image, kernelVersion, packages: count };
}

async function fetchTree(cache: Cache, names: readonly string[]): Promise<{ tree: string; count: number }> {
  const apt = await openApt(cache, architecture.debian);
  await updateLists(apt, false);
  const found = await resolvePackages(apt, cache, names);
  await fetchPackages(cache, found, { offline: false, apt: async () => apt });
  return { tree: await unpackPackages(cache, found), count: found.length };
}

/** What the packages' maintainer scripts would have done, as far as a start notices it. */
async function configure(root: string, tools: Tools, kernelVersion: string): Promise<void> {
  const at = (name: string): string => path.join(root, name);
  for (const name of ['passwd', 'group'])
    await cp(at(`usr/share/base-passwd/${name}.master`), at(`etc/${name}`));
  const users = (await readFile(at('etc/passwd'), 'utf8')).trim().split('\n');
  await writeFile(
    at('etc/shadow'),
    users.map((line) => `${line.split(':')[0]}:*:20000:0:99999:7:::\n`).join(''),
  );
  await runTool(tools, 'systemd-sysusers', [`--root=${root}`]);
  await runTool(tools, 'depmod', ['-b', root, '-m', '/usr/lib/modules', kernelVersion]);
  await writeFile(at('etc/fstab'), '/dev/vda2 / ext4 rw,errors=remount-ro 0 1\n');
  await writeFile(at('etc/machine-id'), '');
  await writeFile(at('etc/hostname'), 'debian\n');
  await cp(at('usr/share/openssh/sshd_config'), at('etc/ssh/sshd_config'));
  await rm(at('etc/resolv.conf'), { force: true });
  await symlink('../run/systemd/resolve/stub-resolv.conf', at('etc/resolv.conf'));
  // cloud-init's stages talk by it; the scripts would choose it among the alternatives.
  await symlink('nc.openbsd', at('usr/bin/nc'));
  await symlink('mawk', at('usr/bin/awk'));
  const seed = at('var/lib/cloud/seed/nocloud');
  await mkdir(seed, { recursive: true });
  await writeFile(path.join(seed, 'meta-data'), 'instance-id: stock\n');
  await writeFile(path.join(seed, 'user-data'), '#cloud-config\n{}\n');
  await mkdir(at('etc/cloud/cloud.cfg.d'), { recursive: true });
  await writeFile(at('etc/cloud/cloud.cfg.d/90_dpkg.cfg'), 'datasource_list: [ NoCloud, None ]\n');
  await mkdir(at('etc/systemd/system-preset'), { recursive: true });
  await cp(stockFile('stock.preset'), at('etc/systemd/system-preset/00-stock.preset'));
  runOwn(root, 'usr/bin/systemctl', [`--root=${root}`, 'preset-all']);
  runOwn(root, 'usr/bin/systemd-hwdb', [`--root=${root}`, '--usr', 'update']);
  await placeCertificates(root);
  await compilePython(root);
  // An installed system has done what systemd otherwise does once after an update of /usr; last, so that it is newer.
  for (const name of ['etc/.updated', 'var/.updated']) await writeFile(at(name), '');
}

async function placeCertificates(root: string): Promise<void> {
  const source = path.join(root, 'usr/share/ca-certificates/mozilla');
  const names = (await readdir(source)).sort();
  const texts = await Promise.all(names.map((name) => readFile(path.join(source, name), 'utf8')));
  await writeFile(path.join(root, 'etc/ssl/certs/ca-certificates.crt'), texts.join(''));
}

/** Debian's Python packages compile their modules when they are installed; without that every start would. */
async function compilePython(root: string): Promise<void> {
  const code = ['usr/lib/python3', 'usr/lib/python3.13'].map((name) => path.join(root, name));
  const words = ['-m', 'compileall', '-q', '-s', root, '-p', '/', ...code];
  runOwn(root, 'usr/bin/python3.13', words, { PYTHONHOME: path.join(root, 'usr') });
}

/** Runs a program of the tree itself, with its own loader and libraries. */
function runOwn(
  root: string,
  program: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): void {
  const libraries = path.join(root, 'usr/lib', architecture.multiarch);
  const own = ['--library-path', `${libraries}:${libraries}/systemd`, path.join(root, program), ...words];
  runProgram(path.join(root, 'usr', architecture.loader), own, environment);
}

/** Everything in it belongs to root, whoever runs this. */
function makeFileSystem(root: string, output: string): void {
  const words = ['-q', '-t', 'ext4', '-L', 'root', '-d', root, output, `${rootBytes / 1024}k`];
  if (process.getuid?.() === 0) runProgram('mke2fs', words);
  else runProgram('unshare', ['--map-root-user', 'mke2fs', ...words]);
}

async function makeInitrd(tree: string, modules: KernelModules): Promise<Uint8Array> {
  const order = [
    ...new Set(
      initrdModules.flatMap((name) => {
        const file = modules.pathOf(name);
        return file === undefined ? [] : [...(modules.dependencies.get(file) ?? []), file];
      }),
    ),
  ];
  const directories = ['dev', 'modules', 'sysroot', 'usr', 'usr/bin'];
  const entries: CpioEntry[] = directories.map((name) => ({ kind: 'directory', name }));
  entries.push({ kind: 'character', name: 'dev/console', major: 5, minor: 1 });
  const put = async (name: string, source: string | URL, executable: boolean): Promise<void> =>
    void entries.push({ kind: 'file', name, executable, data: await readFile(source) });
  await put('init', stockFile('init'), true);
  await put('usr/bin/busybox', path.join(tree, 'usr/bin/busybox'), true);
  for (const name of ['sh', 'insmod', 'mount', 'switch_root', 'usleep'])
    entries.push({ kind: 'link', name: `usr/bin/${name}`, target: 'busybox' });
  const source = moduleDirectory(modules.tree, modules.kernelVersion);
  for (const file of order) await put(`modules/${path.basename(file)}`, path.join(source, file), false);
  const list = order.map((file) => `${path.basename(file)}\n`).join('');
  entries.push({ kind: 'file', name: 'modules/order', executable: false, data: Buffer.from(list) });
  return encodeCpio(entries, 1);
}

/** @returns the size of the disk. */
async function writePartitions(output: string, esp: string, root: string): Promise<number> {
  const alignment = 2048;
  const espSectors = espBytes / sectorSize;
  const rootSectors = rootBytes / sectorSize;
  const partitions = [
    {
      ...{ name: 'esp', type: targetOf('cloud').bootPartitionType, guid: derivedUuid('stock esp') },
      ...{ firstLba: alignment, sectors: espSectors },
    },
    {
      ...{ name: 'root', type: architecture.rootPartitionType, guid: derivedUuid('stock root') },
      ...{ firstLba: alignment + espSectors, sectors: rootSectors },
    },
  ];
  const end = alignment + espSectors + rootSectors + backupSectors;
  const diskSectors = Math.ceil(end / alignment) * alignment;
  await writeDisk(output, { partitions, diskSectors }, { esp, root });
  return diskSectors * sectorSize;
}

function runProgram(
  program: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): void {
  const env = { ...process.env, ...environment };
  const { status, stderr, error } = spawnSync(program, words, { encoding: 'utf8', env });
  if (error !== undefined) throw new Error(`${program} cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`${path.basename(program)} ended with ${status}: ${stderr.trim()}`);
}
