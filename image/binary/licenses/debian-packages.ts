/** The licences of what the linker takes from the compiler's own libraries: glibc, libstdc++ and libgcc, from Debian. */
import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { Component } from '../../../runtime/licenses/notices.ts';
import { BuildError } from '../../build-error.ts';
import { run } from '../../process/run.ts';

interface DebianLicense {
  readonly package: RegExp;
  readonly license: string;
  /** Debian's copyright files refer to these for the full texts. */
  readonly commonTexts: readonly string[];
}

const licenses: readonly DebianLicense[] = [
  { package: /^libc6-dev\b/, license: 'LGPL-2.1-or-later', commonTexts: ['LGPL-2.1'] },
  {
    package: /^lib(gcc|stdc\+\+)-\d+-dev\b/,
    license: 'GPL-3.0-or-later WITH GCC-exception-3.1',
    commonTexts: ['GPL-3'],
  },
];

/** @param files what is linked in, as paths on this machine. One component for each package that has some of it. */
export async function readDebianPackages(files: readonly string[]): Promise<readonly Component[]> {
  const real = await Promise.all(files.map((file) => realpath(file)));
  const packages = await ownersOf([...new Set(real)].sort());
  return Promise.all(packages.map(readDebianPackage));
}

async function ownersOf(files: readonly string[]): Promise<readonly string[]> {
  if (files.length === 0) return [];
  const { stdout } = await run('dpkg', ['--search', ...files]).catch((cause) => {
    throw new BuildError(
      'licenses',
      `The licence of a linked library is not known, because no Debian package has it. ${(cause as Error).message}`,
      { cause },
    );
  });
  // A line is "PACKAGE[:ARCHITECTURE]: FILE".
  const owners = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(0, line.lastIndexOf(': ')));
  return [...new Set(owners)].sort();
}

async function readDebianPackage(owner: string): Promise<Component> {
  const [name = owner] = owner.split(':');
  const known = licenses.find((candidate) => candidate.package.test(name));
  if (known === undefined) {
    throw new BuildError(
      'licenses',
      `Something of the Debian package ${name} is linked into the executable: add its licence to image/binary/licenses/debian-packages.ts.`,
    );
  }
  // One line: the name, a tab, the version.
  const { stdout } = await run('dpkg-query', ['--show', owner]);
  const version = stdout.trim().split('\t').at(-1)!;
  const texts = [
    await readText(path.join('/usr/share/doc', name, 'copyright'), name),
    ...(await Promise.all(
      known.commonTexts.map((text) => readText(path.join('/usr/share/common-licenses', text), name)),
    )),
  ];
  return {
    ...{ name, version, license: known.license, source: 'Debian package' },
    text: texts.join('\n\n--------\n\n'),
  };
}

async function readText(file: string, packageName: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new BuildError(
      'licenses',
      `${file}, which the executable must carry for the Debian package ${packageName}, is not on this machine: install the package again without leaving out its documentation.`,
      { cause },
    );
  });
  return text.trim();
}
