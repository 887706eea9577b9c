/**
 * Which licences may be in the executable. A dependency under another one stops the build, so that somebody decides
 * before it is given to others, not after.
 */
import type { Component } from '../../../runtime/licenses/notices.ts';
import { BuildError } from '../../build-error.ts';

/**
 * They ask for their text and copyright notices to be passed on, which `trivet licenses` and the image do; glibc's also
 * for what is needed to link again (see relink-kit.ts). GCC's exception lets its run-time libraries be in any program.
 */
const accepted: ReadonlySet<string> = new Set([
  ...['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ICU', 'ISC'],
  ...['MIT', 'Unicode-3.0', 'Zlib', 'blessing'],
  ...['LGPL-2.1-or-later', 'GPL-3.0-or-later WITH GCC-exception-3.1'],
]);

/** Shorter than any licence: a file like "see the homepage". */
const shortestTextLength = 100;

/** @throws BuildError `licenses`, naming every component that may not be in the executable as it is. */
export function acceptComponents(components: readonly Component[]): void {
  const problems = components.flatMap((component) => {
    const { name, version, license, text } = component;
    if (text.trim().length < shortestTextLength) return [`${name} ${version} comes without a licence text`];
    if (!isAccepted(license)) return [`${name} ${version} is under "${license}"`];
    return [];
  });
  if (problems.length === 0) return;
  throw new BuildError(
    'licenses',
    `The executable cannot be passed on: ${problems.join('; ')}. Do without it, or look at the licence and add it to image/binary/licenses/accept.ts.`,
  );
}

/** Whether an SPDX expression can be met with accepted licences: all sides of AND, one side of OR. */
export function isAccepted(expression: string): boolean {
  const tokens = expression.match(/\(|\)|[^\s()]+/g) ?? [];
  let at = 0;
  const either = (): boolean => {
    let result = both();
    while (tokens[at] === 'OR') {
      at += 1;
      const right = both();
      result ||= right;
    }
    return result;
  };
  const both = (): boolean => {
    let result = one();
    while (tokens[at] === 'AND') {
      at += 1;
      const right = one();
      result &&= right;
    }
    return result;
  };
  const one = (): boolean => {
    const token = tokens[at];
    at += 1;
    if (token === '(') {
      const result = either();
      at += 1;
      return result;
    }
    if (tokens[at] !== 'WITH') return accepted.has(token ?? '');
    at += 2;
    return accepted.has(`${token} WITH ${tokens[at - 1]}`);
  };
  const result = either();
  return result && at === tokens.length;
}
