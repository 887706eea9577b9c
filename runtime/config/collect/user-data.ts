/**
 * What of a machine's user data is for Trivet: a text whose first line is `#trivet`, or the map `trivet:` of a
 * `#cloud-config`; also packed by gzip or in base64, as clouds deliver it. All else is somebody else's, and no fault. Pure.
 */
import { gunzipSync } from 'node:zlib';
import { isMap, isScalar, parseDocument } from 'yaml';
import { userDataLimitBytes } from './collected.ts';

export type UserData =
  | { readonly kind: 'configuration'; readonly text: string }
  /** `what` completes "has no configuration for Trivet: it …". */
  | { readonly kind: 'other'; readonly what: string }
  | { readonly kind: 'broken'; readonly problem: string };

type Unpacked = { readonly text: string } | Extract<UserData, { kind: 'other' | 'broken' }>;

/**
 * @param bytes null or empty for none.
 * @param isForTrivet it was kept for us alone, so that a text without a mark is a configuration too.
 */
export function readUserData(bytes: Uint8Array | null, isForTrivet = false): UserData {
  if (bytes === null || bytes.length === 0) return { kind: 'other', what: 'is empty' };
  const unpacked = unpack(bytes);
  if (!('text' in unpacked)) return unpacked;
  const text = unpacked.text.replace(/^\uFEFF/, '');
  const firstLine = /^[^\r\n]*/.exec(text)?.[0].trimEnd() ?? '';
  if (firstLine === '#trivet' || (isForTrivet && firstLine !== '#cloud-config'))
    return { kind: 'configuration', text };
  if (firstLine === '#cloud-config') return readCloudConfig(text);
  return {
    kind: 'other',
    what: `begins with ${describeLine(firstLine)}, not with "#trivet" or "#cloud-config"`,
  };
}

/** Both packings, in either order, once each. */
function unpack(bytes: Uint8Array): Unpacked {
  let content = bytes;
  for (let packings = 0; packings < 3; packings += 1) {
    if (content.length > userDataLimitBytes) {
      return { kind: 'broken', problem: `it is larger than ${userDataLimitBytes / 1024} KiB` };
    }
    const isGzip = content[0] === 0x1f && content[1] === 0x8b;
    const next = isGzip ? gunzip(content) : decodeBase64(content);
    if (next === null && isGzip)
      return { kind: 'broken', problem: 'its gzip packing is damaged or too large' };
    if (next === null) break;
    content = next;
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content) };
  } catch {
    return { kind: 'other', what: 'is not text' };
  }
}

function gunzip(bytes: Uint8Array): Uint8Array | null {
  try {
    return gunzipSync(bytes, { maxOutputLength: userDataLimitBytes });
  } catch {
    return null;
  }
}

/** Null when it is not base64 of one of the kinds of user data that are for us, or of gzip. */
function decodeBase64(bytes: Uint8Array): Uint8Array | null {
  const text = Buffer.from(bytes).toString('latin1').replace(/\s+/g, '');
  if (!/^(H4sI|I3Ry|I2Ns|77u\/)[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  return Buffer.from(text, 'base64');
}

/**
 * The map `trivet:` with everything around it made blank, so that line numbers in messages are those of the user data.
 */
function readCloudConfig(text: string): UserData {
  const without = { kind: 'other', what: 'is a #cloud-config without a map "trivet:"' } as const;
  try {
    const document = parseDocument(text, { prettyErrors: false, logLevel: 'silent', uniqueKeys: false });
    const [error] = document.errors;
    if (error !== undefined) return /^trivet\s*:/m.test(text) ? brokenYaml(error.message) : without;
    const value = isMap(document.contents) ? document.contents.get('trivet', true) : undefined;
    if (value === undefined || (isScalar(value) && value.value === null)) return without;
    const [start, end] = value.range ?? [0, 0];
    return {
      kind: 'configuration',
      text: text.slice(0, start).replace(/[^\n]/g, ' ') + text.slice(start, end),
    };
  } catch (error) {
    return brokenYaml((error as Error).message);
  }
}

function brokenYaml(message: string): UserData {
  return { kind: 'broken', problem: `it is a #cloud-config, but not YAML: ${message.split('\n')[0]}` };
}

function describeLine(line: string): string {
  const clean = line.replace(/[^\x20-\x7e]/g, '?');
  return clean === '' ? 'an empty line' : `"${clean.slice(0, 40)}${clean.length > 40 ? '…' : ''}"`;
}
