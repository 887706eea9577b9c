/** Node's own licence, and those of the libraries that are part of it, from the one text that it is passed on with. */
import type { Component } from '../../../runtime/licenses/notices.ts';
import { BuildError } from '../../build-error.ts';

/**
 * Every library that Node's text names, with its licence; null when nothing of it is in the program `node`. The text
 * has no SPDX names, so they stand here, and a library that is new or gone stops the build.
 */
const licenses: Readonly<Record<string, string | null>> = {
  Acorn: 'MIT',
  'c-ares': 'MIT',
  merve: 'MIT',
  ittapi: 'BSD-3-Clause',
  amaro: 'MIT',
  swc: 'Apache-2.0',
  ICU: 'Unicode-3.0 AND ICU AND BSD-3-Clause AND BSD-2-Clause AND MIT',
  libuv: 'MIT AND BSD-2-Clause AND ISC',
  LIEF: 'Apache-2.0',
  llhttp: 'MIT',
  corepack: null,
  undici: 'MIT',
  postject: null,
  OpenSSL: 'Apache-2.0',
  'Punycode.js': 'MIT',
  V8: 'BSD-3-Clause',
  SipHash: 'CC0-1.0',
  zlib: 'Zlib',
  simdjson: 'Apache-2.0',
  simdutf: 'MIT',
  ada: 'MIT',
  minimatch: 'BlueOak-1.0.0',
  npm: null,
  GYP: null,
  inspector_protocol: 'BSD-3-Clause',
  jinja2: null,
  markupsafe: null,
  'cpplint.py': null,
  'gypi_to_gn.py': null,
  gtest: null,
  nghttp2: 'MIT',
  large_pages: 'MIT',
  caja: 'Apache-2.0',
  brotli: 'MIT',
  zstd: 'BSD-3-Clause',
  HdrHistogram: 'CC0-1.0 OR BSD-2-Clause',
  'node-heapdump': 'ISC',
  rimraf: 'ISC',
  uvwasi: 'MIT',
  ngtcp2: 'MIT',
  nghttp3: 'MIT',
  'node-fs-extra': 'MIT',
  'on-exit-leak-free': 'MIT',
  'sonic-boom': 'MIT',
};

const partPattern = /^- (.+), located at .+, is licensed as follows:\n {2}"""\n([\s\S]*?)\n {2}"""$/gm;

/** @param text Node's file LICENSE. */
export function readNodeParts(text: string, version: string): readonly Component[] {
  const parts = [...text.matchAll(partPattern)].map((match) => ({ name: match[1]!, text: match[2]! }));
  const named = parts.map(({ name }) => name);
  const unknown = named.filter((name) => !Object.hasOwn(licenses, name));
  const gone = Object.keys(licenses).filter((name) => !named.includes(name));
  if (unknown.length + gone.length > 0) {
    const changes = [
      ...(unknown.length > 0 ? [`has the new parts ${unknown.join(', ')}`] : []),
      ...(gone.length > 0 ? [`no longer has ${gone.join(', ')}`] : []),
    ];
    throw new BuildError(
      'licenses',
      `The licence text of Node ${version} ${changes.join(' and ')}: bring the table in image/binary/licenses/node-parts.ts up to it.`,
    );
  }
  const own = { name: 'node', version, license: 'MIT', source: 'npm' };
  return [
    { ...own, text: text.slice(0, text.search(/^The externally maintained libraries/m)) },
    ...parts.flatMap(({ name, text: body }) => {
      const license = licenses[name];
      if (license == null) return [];
      return [{ name, version: `in ${version}`, license, source: 'part of node', text: unindent(body) }];
    }),
  ];
}

function unindent(text: string): string {
  return text.replace(/^ {4}/gm, '');
}
