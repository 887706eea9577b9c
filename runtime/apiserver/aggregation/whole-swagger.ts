/** `/openapi/v2` with what other servers tell of themselves, made when it is asked for and something has changed. */
import { gzipSync } from 'node:zlib';
import { stringifyJson } from '../objects/json-text.ts';
import type { JsonObject } from '../schemas/protobuf/json-value.ts';
import { mergeSwagger, type Swagger } from './merge-swagger.ts';
import type { RemoteVersion } from './remote-discovery.ts';

/** @returns JSON, by gzip; null where nobody else tells anything */
export type WholeSwagger = (own: () => unknown) => Uint8Array | null;

export function wholeSwagger(versions: () => readonly RemoteVersion[]): WholeSwagger {
  let last: { readonly of: readonly Swagger[]; readonly gzip: Uint8Array } | null = null;
  return (own) => {
    const others = byPriority(versions()).flatMap(({ swagger }) => (swagger === null ? [] : [swagger]));
    if (others.length === 0) return null;
    const isSame = others.length === last?.of.length && others.every((one, index) => one === last?.of[index]);
    if (last === null || !isSame) {
      const merged = mergeSwagger(own() as JsonObject & Swagger, others);
      last = { of: others, gzip: gzipSync(stringifyJson(merged)) };
    }
    return last.gzip;
  };
}

/** Who comes first keeps the names of definitions. */
function byPriority(versions: readonly RemoteVersion[]): readonly RemoteVersion[] {
  const name = ({ service: { group, version } }: RemoteVersion): string => `${version}.${group}`;
  return versions.toSorted(
    (a, b) => b.service.groupPriority - a.service.groupPriority || (name(a) < name(b) ? -1 : 1),
  );
}
