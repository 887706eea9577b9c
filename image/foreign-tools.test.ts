/** What the builder writes itself, read by the tools that others wrote. They come from Debian, as for a build. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { architectureOf } from './architecture.ts';
import { buildEsp } from './boot/esp.ts';
import { uefiFiles } from './boot/uefi.ts';
import { openCache } from './cache/cache.ts';
import { layOutDisk } from './disk/partitions.ts';
import { writeDisk } from './disk/write-disk.ts';
import { encodeCpio } from './formats/cpio/cpio.ts';
import { openApt, updateLists } from './packages/apt.ts';
import { fetchPackages } from './packages/fetch.ts';
import { resolvePackages } from './packages/resolve.ts';
import { unpackPackages } from './packages/unpack.ts';
import { run } from './process/run.ts';
import { makeRootFileSystem } from './root/erofs.ts';
import { developmentKeys } from './signing/development-keys.ts';
import { signerOf } from './signing/signer.ts';
import { targetOf } from './targets.ts';
import { hostArchitecture, runTool, type Tools, toolPackages } from './tools/tools.ts';

const architecture = architectureOf('x86_64');

/** The builder's tools, and two that only these tests want. */
async function provideTools(): Promise<Tools> {
  const cache = openCache();
  const apt = await openApt(cache, hostArchitecture.debian);
  await updateLists(apt, false);
  const names = [...toolPackages, 'gdisk', 'cpio', 'systemd-boot-efi'];
  const packages = await resolvePackages(apt, cache, names);
  await fetchPackages(cache, packages, { offline: false, apt: async () => apt });
  return { tree: await unpackPackages(cache, packages), sourceDateEpoch: 1_700_000_000 };
}

/** Runs a program of the tools' tree that the builder itself does not use. */
function runOther(tools: Tools, program: string, programArguments: string[]): Promise<{ stdout: string }> {
  const libraries = path.join(tools.tree, 'usr/lib', hostArchitecture.multiarch);
  const loader = path.join(tools.tree, 'usr', hostArchitecture.loader);
  return run(loader, ['--library-path', libraries, path.join(tools.tree, program), ...programArguments]);
}

t.test(
  'the disk, its file systems and their hash tree satisfy foreign tools',
  { timeout: 300_000 },
  async (t) => {
    const tools = await provideTools();
    const signer = signerOf(await developmentKeys());
    const directory = t.testdir({ tree: { etc: { motd: 'hello\n' }, big: 'x'.repeat(100_000) } });
    const at = (name: string): string => path.join(directory, name);
    const root = await makeRootFileSystem({
      tools,
      tree: at('tree'),
      outputDirectory: directory,
      uuid: '00112233-4455-8677-8899-aabbccddeeff',
      salt: '00'.repeat(32),
    });
    const uki = Buffer.alloc(300_000, 'uki');
    const espBytes = 40 * 2 ** 20;
    await buildEsp({
      ...{ tools, sizeBytes: espBytes, uki, files: await uefiFiles(tools.tree, architecture, signer) },
      ...{ workDirectory: directory, output: at('esp.fat') },
    });
    const target = targetOf('cloud');
    const layout = layOutDisk({
      architecture,
      target,
      espBytes,
      slotBytes: 8 * 2 ** 20,
      verityBytes: 2 ** 20,
      root,
    });
    const contents = { esp: at('esp.fat'), 'root-a': root.dataFile, 'verity-a': root.hashFile };
    await writeDisk(at('disk.raw'), layout, contents);

    const { stdout: table } = await runOther(tools, 'usr/sbin/sgdisk', [
      '--verify',
      '--print',
      at('disk.raw'),
    ]);
    t.match(table, /No problems found/, 'sgdisk finds no fault in the partition table');
    t.match(table, /esp[\s\S]*root-a[\s\S]*verity-a[\s\S]*root-b[\s\S]*verity-b/);

    const cut = async (name: string): Promise<string> => {
      const partition = layout.partitions.find((candidate) => candidate.name === name)!;
      const output = at(`${name}.part`);
      const range = [`skip=${partition.firstLba}`, `count=${partition.sectors}`, 'bs=512'];
      await run('dd', [`if=${at('disk.raw')}`, `of=${output}`, ...range]);
      return output;
    };
    t.match(
      (await runTool(tools, 'fsck.fat', ['-n', await cut('esp')])).stdout,
      /: 18 files,/,
      'fsck.fat finds no fault',
    );
    const data = await cut('root-a');
    t.match(
      (await runTool(tools, 'dump.erofs', ['-s', data])).stdout,
      /00112233-4455-8677-8899-aabbccddeeff/,
    );
    await t.resolves(runTool(tools, 'fsck.erofs', [data]), 'fsck.erofs finds no fault');
    const hashes = await cut('verity-a');
    await t.resolves(
      runTool(tools, 'veritysetup', ['verify', data, hashes, root.rootHash]),
      'veritysetup verifies',
    );
    const wrong = `0${root.rootHash.slice(1)}`.replace(/^00/, '10');
    await t.rejects(
      runTool(tools, 'veritysetup', ['verify', data, hashes, wrong]),
      'and refuses another root hash',
    );
  },
);

t.test('cpio lists what encodeCpio wrote', { timeout: 300_000 }, async (t) => {
  const tools = await provideTools();
  const directory = t.testdir();
  const archive = path.join(directory, 'initrd.cpio');
  writeFileSync(
    archive,
    encodeCpio(
      [
        { kind: 'directory', name: 'etc' },
        { kind: 'file', name: 'etc/a', executable: false, data: Buffer.from('hello') },
        { kind: 'link', name: 'sh', target: 'busybox' },
      ],
      1_700_000_000,
    ),
  );
  const { stdout } = await runOther(tools, 'usr/bin/cpio', [
    '--list',
    '--verbose',
    '--numeric-uid-gid',
    '-F',
    archive,
  ]);
  const lines = stdout.trimEnd().split('\n');
  t.match(lines[0], /^drwxr-xr-x .* 0 +0 .* etc$/);
  t.match(lines[1], /^-rw-r--r-- .* 5 .* etc\/a$/);
  t.match(lines[2], /^lrwxrwxrwx .* sh -> busybox$/);
});
