/** The static executables of both architectures, where there is nothing but the file. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import t, { type Test } from 'tap';
import { type ArchitectureName, architectureNames, architectureOf } from '../architecture.ts';
import { openCache } from '../cache/cache.ts';
import { checkout, version } from '../checkout.ts';
import { hostArchitecture } from '../tools/tools.ts';
import { buildExecutable, type Executable } from './binary.ts';
import type { EntryPoints } from './bundle.ts';
import { again, runInEmptyRoot } from './testing/empty-root.ts';
import { example, expectedOfExample } from './testing/example.ts';

/** Emulated, everything takes many times as long. */
const timeout = 400_000;

function build(name: ArchitectureName, entryPoints?: EntryPoints): Promise<Executable> {
  return buildExecutable({
    ...{ checkout, version, entryPoints },
    architecture: architectureOf(name),
    cache: openCache(),
  });
}

function emulatorFor(name: ArchitectureName): string | null {
  return name === hostArchitecture.name ? null : architectureOf(name).emulator;
}

function run(t: Test, name: ArchitectureName, executable: string, ...words: string[]): string {
  const root = path.join(t.testdir(), 'root');
  const { stdout, stderr, status, signal } = runInEmptyRoot({
    ...{ root, executable, words },
    emulator: emulatorFor(name),
  });
  t.equal(status, 0, `ends well (${signal ?? 'no signal'}): ${stderr}`);
  return stdout;
}

for (const name of architectureNames) {
  t.test(`the executable for ${name} needs no loader and no library`, { timeout }, async (t) => {
    const { file } = await build(name);
    t.match(
      execFileSync('file', ['-b', file], { encoding: 'utf8' }),
      /^ELF 64-bit LSB executable.*statically linked/,
    );
    const headers = execFileSync('readelf', ['-hldW', file], { encoding: 'utf8' });
    t.match(headers, /There is no dynamic section in this file/);
    t.notMatch(headers, /INTERP|NEEDED|DYNAMIC/);
    t.match(headers, name === 'arm64' ? /Machine: +AArch64/ : /Machine: +Advanced Micro Devices X86-64/);
  });

  t.test(`trivet --version for ${name} says what it is made of, in an empty root`, { timeout }, async (t) => {
    const { file, nodeVersion } = await build(name);
    const parts = JSON.parse(run(t, name, file, '--version', '--json'));
    t.match(parts, { version, node: nodeVersion, architecture: name, linkage: 'static' });
    t.match(parts.sqlite, /^3\.\d+\.\d+$/);
    t.match(parts.commit, /^([0-9a-f]{12}\+?|unknown)$/);
  });

  t.test(`a program for ${name} has all that the runtime needs, in an empty root`, { timeout }, async (t) => {
    const { file } = await build(name, example);
    const result = JSON.parse(run(t, name, file, '/data', again));
    t.same(result, expectedOfExample);
  });
}
