/** `url('https://…')`, as Go's `net/url` reads it. (k8s.io/apiserver/pkg/cel/library/urls.go) Pure. */
import { EvaluationError, spendFor } from '../budget.ts';
import type { FunctionTable, Run } from '../signature.ts';
import { list, map, type OpaqueValue, type Value } from '../values.ts';

interface Url {
  readonly text: string;
  readonly scheme: string;
  /** With its port. */
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

const whole = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?$/s;

/** Absolute, or a path from the root: what the real server takes. */
function readUrl(text: string): Url | null {
  const match = whole.exec(text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what no URL has.
  if (match === null || /[\x00-\x20\x7f]/.test(text)) return null;
  const [, scheme = '', authority, path = '', query = ''] = match;
  if (scheme === '' && (!path.startsWith('/') || authority !== undefined)) return null;
  const host = (authority ?? '').replace(/^.*@/, '');
  if (!isHost(host) || /%(?![0-9a-fA-F]{2})/.test(path)) return null;
  if (scheme !== '' && authority === undefined && !path.startsWith('/')) return null;
  return { text, scheme: scheme.toLowerCase(), host, path, query };
}

function isHost(host: string): boolean {
  return /^(\[[0-9A-Fa-f:.%\w-]*\]|[^[\]:<>"{}|\\^` ]*)(:\d*)?$/.test(host);
}

function opaque(url: Url): OpaqueValue {
  return {
    kind: 'opaque',
    name: 'kubernetes.URL',
    held: url,
    equals: ({ held }) => (held as Url).text === url.text,
  };
}

function part(read: (url: Url) => Value): Run {
  return ([value]) => read((value as OpaqueValue).held as Url);
}

function queryOf({ query }: Url): Value {
  const parameters = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    parameters.set(name, [...(parameters.get(name) ?? []), value]);
  }
  return map([...parameters].map(([name, values]) => [name, list(values)] as const));
}

export const urls: FunctionTable = {
  '::url(string): URL': ([text], budget) => {
    spendFor(budget, (text as string).length);
    const url = readUrl(text as string);
    if (url === null)
      throw new EvaluationError(
        `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
      );
    return opaque(url);
  },
  '::isURL(string): bool': ([text], budget) => {
    spendFor(budget, (text as string).length);
    return readUrl(text as string) !== null;
  },
  'URL.getScheme(): string': part(({ scheme }) => scheme),
  'URL.getHost(): string': part(({ host }) => host),
  'URL.getHostname(): string': part(({ host }) => host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')),
  'URL.getPort(): string': part(({ host }) => /:(\d*)$/.exec(host)?.[1] ?? ''),
  'URL.getEscapedPath(): string': part(({ path }) => path),
  'URL.getQuery(): map<string, list<string>>': part(queryOf),
};
