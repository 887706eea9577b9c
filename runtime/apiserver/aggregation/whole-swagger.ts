/** `/openapi/v2` with what other servers tell of themselves, made when it is asked for and something has changed. */
import { gzipSync } from 'node:zlib';
import { stringifyJson } from '../objects/json-text.ts';
import type { JsonObject } from '../schemas/protobuf/json-value.ts';
import { mergeSwagger, type Swagger } from './merge-swagger.ts';
import type { RemoteVersion } from './remote-discovery.ts';

/**
 * @param own what this server tells itself
 * @param ownVersion names what that is now. Default: it is always the same.
 * @returns JSON, by gzip; null where nobody else tells anything
 */
export type WholeSwagger = (own: () => unknown, ownVersion?: string) => Uint8Array | null;

interface Made {
  readonly ownVersion: string;
  readonly of: readonly Swagger[];
  readonly gzip: Uint8Array;
}

export function wholeSwagger(versions: () => readonly RemoteVersion[]): WholeSwagger {
  let last: Made | null = null;
  return (own, ownVersion = '') => {
    const others = byPriority(versions()).flatMap(({ swagger }) => (swagger === null ? [] : [swagger]));
    if (others.length === 0) return null;
    if (last === null || last.ownVersion !== ownVersion || !isSame(last.of, others)) {
      const merged = mergeSwagger(own() as JsonObject & Swagger, others);
      last = { ownVersion, of: others, gzip: gzipSync(stringifyJson(merged)) };
    }
    return last.gzip;
  };
}

function isSame(before: readonly Swagger[], now: readonly Swagger[]): boolean {
  return before.length === now.length && before.every((one, index) => one === now[index]);
}

/** Who comes first keeps the names of definitions. */
function byPriority(versions: readonly RemoteVersion[]): readonly RemoteVersion[] {
  const name = ({ service: { group, version } }: RemoteVersion): string => `${version}.${group}`;
  return versions.toSorted(
    (a, b) => b.service.groupPriority - a.service.groupPriority || (name(a) < name(b) ? -1 : 1),
  );
}
