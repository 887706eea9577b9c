/**
 * Links the second program of the executable: the glue, SQLite, and Debian's static C and C++ libraries, at fixed
 * addresses behind Node's. It is a complete static program whose main function starts Node; only the merge makes one
 * file of the two.
 */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Architecture } from '../../architecture.ts';
import { type Cache, cached, cacheKey } from '../../cache/cache.ts';
import { run } from '../../process/run.ts';
import {
  nodeSymbolsScript,
  relocationsAssembly,
  threadBlockSymbol,
  threadLocalAssembly,
  wantedSymbols,
} from './generate.ts';
import { linkedAddress, type NodeFacts } from './node-facts.ts';
import type { Toolchain } from './toolchain.ts';

export interface LinkOptions {
  readonly cache: Cache;
  readonly architecture: Architecture;
  readonly facts: NodeFacts;
  readonly toolchain: Toolchain;
  /** The directory that compileSqlite made. */
  readonly sqliteObjects: string;
}

export interface LinkedPart {
  readonly file: string;
  /** Everything that was linked, and `link.sh`, which links it again. */
  readonly objects: string;
}

const glueDirectory = path.join(import.meta.dirname, 'glue');
const glueFlags = ['-O2', '-std=gnu11', '-fno-pie', '-Wall', '-Wextra', '-Werror', '-ffunction-sections'];

export async function linkBesideNode(options: LinkOptions): Promise<LinkedPart> {
  const { facts, architecture, toolchain } = options;
  const generated = {
    'relocations.S': relocationsAssembly(facts),
    'thread-local.S': threadLocalAssembly(facts, architecture),
    'node-symbols.ld': nodeSymbolsScript(facts),
    'link.sh': linkScript(options),
  };
  const glue = await readGlue();
  const key = cacheKey({
    ...{ glue, glueFlags, toolchain: toolchain.identity },
    generated: Object.entries(generated).map(([name, text]) => [name, digest(text)]),
    // The name of a cached directory stands for what is in it.
    sqlite: path.basename(options.sqliteObjects),
  });
  const directory = await cached(options.cache, 'linked', key, async (output) => {
    const objects = path.join(output, 'objects');
    await mkdir(objects);
    const sources = [...glue, ...Object.entries(generated)];
    for (const [name, text] of sources) await writeFile(path.join(objects, name), text);
    for (const name of sqliteObjectNames) {
      await copyFile(path.join(options.sqliteObjects, name), path.join(objects, name));
    }
    for (const [name] of sources.filter(([source]) => /\.[cS]$/.test(source))) {
      await run(toolchain.c, [...glueFlags, '-c', name, '-o', objectName(name)], { cwd: objects });
    }
    await run('sh', ['link.sh', '../linked.elf'], { cwd: objects, shownAs: 'sh link.sh' });
  });
  return { file: path.join(directory, 'linked.elf'), objects: path.join(directory, 'objects') };
}

const sqliteObjectNames = ['better_sqlite3.o', 'sqlite3.o'];
const glueObjectNames = ['start.o', 'unwind.o', 'addons.o', 'libc.o', 'relocations.o'];

/** The link as a shell script of its own, so that whoever has the objects can do it again with other libraries. */
function linkScript({ architecture, facts, toolchain }: LinkOptions): string {
  const threadLocal = 'thread-local.o';
  const isFirst = architecture.elf.threadLocalBlock === 'first';
  const linkerFlags = [
    `-Ttext-segment=0x${linkedAddress.toString(16)}`,
    // Node's thread-local block has its place before or after all others; nothing may come between by itself.
    ...[threadBlockSymbol, ...wantedSymbols(facts)].map((name) => `-u,${name}`),
    // Two segments instead of four: Node's table of segments has no room for more, on arm64.
    ...['-z,noseparate-code', '-z,norelro'],
    // Our dlopen and its like come before the C library's.
    '-z,muldefs',
    ...['--eh-frame-hdr', '--gc-sections', '--build-id=none'],
  ];
  return `#!/bin/sh
# Links the part of the executable that stands for the dynamic loader and the shared libraries.
# usage: link.sh OUTPUT
set -eu
cxx=\${CXX:-${toolchain.cxx}}
found() { "$cxx" -print-file-name="$1"; }
exec "$cxx" -static -no-pie -nostdlib \\
${linkerFlags.map((flag) => `  -Wl,${flag} \\`).join('\n')}
  "$(found crt1.o)" "$(found crti.o)" "$(found crtbeginT.o)" \\
  ${[...(isFirst ? [threadLocal] : []), ...glueObjectNames, ...sqliteObjectNames].join(' ')} node-symbols.ld \\
  -Wl,--start-group -lstdc++ -lm -lgcc -lgcc_eh -lc -Wl,--end-group \\
  ${isFirst ? '' : `${threadLocal} `}"$(found crtend.o)" "$(found crtn.o)" -o "$1"
`;
}

async function readGlue(): Promise<readonly (readonly [string, string])[]> {
  const names = (await readdir(glueDirectory)).sort();
  return Promise.all(
    names.map(async (name) => [name, await readFile(path.join(glueDirectory, name), 'utf8')] as const),
  );
}

function objectName(source: string): string {
  return source.replace(/\.[cS]$/, '.o');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
