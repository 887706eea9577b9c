/**
 * The licences of everything in the executable as one file: an index and one text that a person can read from top to
 * bottom. The builder writes it, `trivet licenses` reads it; nothing else looks at it, so it costs nothing at start.
 */
import { constants as zlib, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** Its name in the executable, which holds it as an asset beside the bundles. */
export const noticesFile = 'licenses.json.zst';

export interface Component {
  /** As its own project calls it. */
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly license: string;
  /** Where it was taken from, in a few words: "npm", "part of Node.js", "Debian package". */
  readonly source: string;
  /** The licence with its copyright notices, as its project words it. */
  readonly text: string;
}

/** A component, and where in the common text its licence stands, in characters. */
export type Notice = Omit<Component, 'text'> & { readonly start: number; readonly end: number };

export interface Notices {
  readonly components: readonly Notice[];
  readonly text: string;
}

/** Components in the order of their names, whatever order they are given in. */
export function joinNotices(components: readonly Component[]): Notices {
  const sorted = [...components].sort((a, b) => compare(sortKey(a), sortKey(b)));
  const notices: Notice[] = [];
  let text = '';
  for (const { text: license, ...component } of sorted) {
    const title = `${component.name} ${component.version} (${component.license}; ${component.source})`;
    text += `${text === '' ? '' : '\n\n'}${title}\n${'='.repeat(title.length)}\n\n`;
    const start = text.length;
    text += `${license.trimEnd()}\n`;
    notices.push({ ...component, start, end: text.length });
  }
  return { components: notices, text };
}

/** The same bytes for the same notices. */
export function encodeNotices(notices: Notices): Uint8Array {
  return zstdCompressSync(JSON.stringify(notices), {
    params: { [zlib.ZSTD_c_compressionLevel]: 19 },
  });
}

export function decodeNotices(bytes: Uint8Array): Notices {
  return JSON.parse(zstdDecompressSync(bytes).toString('utf8')) as Notices;
}

function sortKey({ name, version, source }: Component): string {
  return `${name.toLowerCase()}\0${version}\0${source}`;
}

/** By code units: the order is the same in every language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
