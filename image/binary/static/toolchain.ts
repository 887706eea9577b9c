/** The C and C++ compilers for an architecture, from Debian, and the static libraries that come with them. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Architecture } from '../../architecture.ts';
import { BuildError } from '../../build-error.ts';
import { type RunResult, run } from '../../process/run.ts';

export interface Toolchain {
  /** Names of the compilers, as the shell finds them. */
  readonly c: string;
  readonly cxx: string;
  /** What decides about the bytes they make: versions, and digests of the libraries that are linked in. */
  readonly identity: readonly string[];
  /** Where those libraries lie on this machine. */
  readonly linkedFiles: readonly string[];
}

/** What the linker is given by name, and the compiler finds for it. */
const linkedLibraries = ['libstdc++.a', 'libm.a', 'libgcc.a', 'libgcc_eh.a', 'libc.a'];
const startFiles = ['crt1.o', 'crti.o', 'crtbeginT.o', 'crtend.o', 'crtn.o'];

/** @throws BuildError `missing-tool`, naming the Debian package. */
export async function findToolchain(architecture: Architecture): Promise<Toolchain> {
  const c = `${architecture.multiarch}-gcc`;
  const cxx = `${architecture.multiarch}-g++`;
  const versions = await Promise.all([
    ask(architecture, c, '--version'),
    ask(architecture, cxx, '--version'),
    ask(architecture, `${architecture.multiarch}-ld`, '--version'),
  ]);
  const linkedFiles = await Promise.all(
    [...linkedLibraries, ...startFiles].map((name) => findFile(architecture, cxx, name)),
  );
  const digests = await Promise.all(linkedFiles.map(digestOf));
  return { c, cxx, identity: [...versions.map(firstLine), ...digests], linkedFiles };
}

async function ask(architecture: Architecture, program: string, question: string): Promise<string> {
  try {
    return (await run(program, [question])).stdout;
  } catch (error) {
    if (!(error instanceof BuildError) || error.code !== 'missing-tool') throw error;
    throw missing(architecture, `The program ${program} is not on this machine`);
  }
}

async function findFile(architecture: Architecture, cxx: string, name: string): Promise<string> {
  const { stdout }: RunResult = await run(cxx, [`-print-file-name=${name}`]);
  const file = stdout.trim();
  // The compiler answers with the bare name when it knows no such file.
  if (!path.isAbsolute(file) || !existsSync(file)) {
    throw missing(architecture, `The library ${name} for ${architecture.name} is not on this machine`);
  }
  return file;
}

async function digestOf(file: string): Promise<string> {
  const digest = createHash('sha256').update(await readFile(file));
  return `${path.basename(file)} ${digest.digest('hex')}`;
}

function missing(architecture: Architecture, what: string): BuildError {
  return new BuildError(
    'missing-tool',
    `${what}; it makes the executable for ${architecture.name}. Install Debian's package for it: apt-get install ${architecture.compilerPackage}`,
  );
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
