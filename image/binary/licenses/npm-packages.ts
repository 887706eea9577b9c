/** The licences of npm packages whose code is in the executable, as the packages themselves carry them. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Component } from '../../../runtime/licenses/notices.ts';
import { BuildError } from '../../build-error.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string | { readonly type: string };
  /** How packages said it before SPDX; any one of them may be chosen. */
  readonly licenses?: readonly { readonly type: string }[];
}

/** Also LICENSE-MIT and LICENSE.txt, but no program that checks licences. */
const licenseFile = /^(licen[cs]e|copying|copyright|notice|unlicense)[^.]*(\.(?!([cm]?[jt]s|json)$)[^.]+)?$/i;

/** The directories of the packages that these files belong to; files outside of `node_modules` belong to none. */
export function packageDirectoriesOf(files: readonly string[]): readonly string[] {
  const directories = files.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  return [...new Set(directories)].sort();
}

/** Finds a package as Node does: beside `start`, and in the directories above it. */
export function findPackage(start: string, name: string): string {
  for (let directory = start; ; directory = path.dirname(directory)) {
    const candidate = path.join(directory, 'node_modules', name);
    if (existsSync(candidate)) return candidate;
    if (directory === path.dirname(directory)) {
      throw new BuildError('missing-tool', `The npm package ${name} is not installed: run npm install.`);
    }
  }
}

/** What a package says about itself. Without a licence or its text, those fields are empty. */
export async function readPackage(directory: string): Promise<Component> {
  const manifest = JSON.parse(await readFile(path.join(directory, 'package.json'), 'utf8')) as Manifest;
  const names = (await readdir(directory)).filter((name) => licenseFile.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(path.join(directory, name), 'utf8')));
  return {
    name: manifest.name,
    version: manifest.version,
    license: licenseOf(manifest),
    source: 'npm',
    text: texts.map((text) => text.trim()).join('\n\n'),
  };
}

function licenseOf({ license, licenses }: Manifest): string {
  if (typeof license === 'string') return license;
  return license?.type ?? (licenses ?? []).map(({ type }) => type).join(' OR ');
}
