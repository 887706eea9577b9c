/**
 * The API's OpenAPI documents as they are served. They stay compressed, as nearly every client takes them; one that does
 * not gets it unpacked for it alone.
 */
import { gunzipSync } from 'node:zlib';
import { openApiIndexFile, readGenerated } from './generated-files.ts';

export interface OpenApiDocument {
  /** Such as `apis/apps/v1`: below `/openapi/v3/`. */
  readonly name: string;
  /** Names the content; a URL with it may be kept for good. */
  readonly hash: string;
  /** JSON, by gzip. */
  readonly gzip: () => Uint8Array;
}

type Index = Readonly<Record<string, { readonly file: string; readonly hash: string }>>;

/** Those of version 3, sorted by name. */
export function openApiV3(): readonly OpenApiDocument[] {
  const index = JSON.parse(readGenerated(openApiIndexFile).toString('utf8')) as Index;
  return Object.entries(index).map(([name, { file, hash }]) => ({
    name,
    hash,
    gzip: () => readGenerated(file),
  }));
}

/** That of version 2, by gzip. @param form in protobuf, gnostic's messages. */
export function openApiV2(form: 'json' | 'pb'): Uint8Array {
  return readGenerated(`openapi-v2.${form}.gz`);
}

/** For clients that do not take it compressed. */
export function unpacked(gzip: Uint8Array): Buffer {
  return gunzipSync(gzip);
}
