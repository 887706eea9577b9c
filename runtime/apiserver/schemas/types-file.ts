/**
 * `generated/types.json`: every API type with its fields, as `npm run generate` writes it and `registry.ts` reads it.
 *
 * A field's type is a word: a scalar (`string`, `bool`, `int32`, `int64`, `uint32`, `uint64`, `double`, `bytes`), a type
 * with an encoding of its own (`SpecialType`), or the name of another type; one that begins with `.` is of the same
 * package. Before it stand `*` (a Go pointer: absent is another thing than zero), `[]` (a list) and `{}` (a map with
 * strings for keys).
 */

/** Types whose JSON is not what their protobuf message says. */
export const specialTypes = [
  ...(['time', 'microTime', 'duration', 'quantity', 'intOrString'] as const),
  // Any JSON, as text in bytes: what may hold an object, and server-side apply's set of fields.
  ...(['raw', 'fields', 'json'] as const),
  // A list of strings in a message of its own.
  'strings',
  // Alternatives in a schema of a custom resource.
  ...(['schemaOrArray', 'schemaOrBool', 'schemaOrStrings'] as const),
] as const;

export type SpecialType = (typeof specialTypes)[number];

export interface FieldExtras {
  /** JSON leaves it out when it is empty. */
  readonly omitEmpty?: true;
  readonly inline?: true;
  readonly required?: true;
  readonly default?: unknown;
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
  readonly mapType?: 'atomic' | 'granular';
  /** Of strategic merge patch: `merge`, `replace`, `retainKeys`, or two of them with a comma. */
  readonly patchStrategy?: string;
  readonly patchMergeKey?: string;
  /** The values that it may have. */
  readonly enum?: readonly string[];
}

/** JSON name, protobuf number, type, and the rest where there is some. In the order in which Go writes JSON. */
export type FieldRecord = readonly [json: string, number: number, type: string, extras?: FieldExtras];

export interface TypeRecord {
  readonly fields: readonly FieldRecord[];
  /** It has `apiVersion` and `kind`, which are not in its message. */
  readonly kind?: true;
  /** Server-side apply takes it as a whole. */
  readonly atomic?: true;
}

export interface PackageRecord {
  /** Null when the package is of no API group. */
  readonly group: string | null;
  readonly version: string;
  /** Of those types that are kinds, so that one is found without reading `types`. */
  readonly kinds: readonly string[];
  /** A `Record<string, TypeRecord>` as JSON text: it is read when the first of them is wanted. */
  readonly types: string;
}

export interface TypesFile {
  /** The version of Kubernetes' definitions. */
  readonly version: string;
  readonly packages: Readonly<Record<string, PackageRecord>>;
}
