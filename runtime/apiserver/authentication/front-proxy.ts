/**
 * A proxy in front that says in headers whom it speaks for, and the other side of it: this server before an aggregated
 * API. (k8s.io/apiserver/pkg/authentication/request/headerrequest) Pure.
 */
import type { Headers } from './headers.ts';
import type { UserInfo } from './user.ts';

export interface FrontProxyHeaders {
  readonly user: readonly string[];
  readonly group: readonly string[];
  readonly extraPrefix: readonly string[];
}

export const usualProxyHeaders: FrontProxyHeaders = {
  user: ['X-Remote-User'],
  group: ['X-Remote-Group'],
  extraPrefix: ['X-Remote-Extra-'],
};

/** Null where no user is named. Whether the proxy may say so is the caller's question. */
export function readProxyHeaders(headers: Headers, names: FrontProxyHeaders): UserInfo | null {
  const values = (name: string): readonly string[] =>
    (headers[name.toLowerCase()] ?? []).filter((value) => value !== '');
  const name = names.user.map((header) => headers[header.toLowerCase()]?.[0] ?? '').find((one) => one !== '');
  if (name === undefined) return null;
  const groups = names.group.flatMap(values);
  return { name, uid: '', groups, extra: readExtra(headers, names.extraPrefix) };
}

/** The headers by which this server says whom it speaks for. */
export function writeProxyHeaders({ name, groups, extra }: UserInfo): readonly (readonly [string, string])[] {
  return [
    ['X-Remote-User', name] as const,
    ...groups.map((group) => ['X-Remote-Group', group] as const),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => [`X-Remote-Extra-${escapeKey(key)}`, value] as const),
    ),
  ];
}

/** Every key with its values behind a prefix; keys are in lower case, since headers are. */
export function readExtra(
  headers: Headers,
  prefixes: readonly string[],
): Readonly<Record<string, readonly string[]>> {
  const extra = new Map<string, readonly string[]>();
  for (const prefix of prefixes.map((one) => one.toLowerCase())) {
    for (const [header, values = []] of Object.entries(headers)) {
      if (!header.startsWith(prefix)) continue;
      const key = unescapeKey(header.slice(prefix.length));
      extra.set(key, [...(extra.get(key) ?? []), ...values]);
    }
  }
  return Object.fromEntries(extra);
}

/** A key that is not escaped as it should be stands for itself. */
function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** What may not stand in the name of a header, and the percent sign. */
function escapeKey(key: string): string {
  return [...Buffer.from(key)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      const isPlain = byte < 128 && /[!#$&'*+.^_`|~0-9A-Za-z-]/.test(character);
      return isPlain ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
