/**
 * The API's types as the rest of the step sees them, wherever they were read: from Go sources or from our own .proto
 * files. A field's type is a word of `runtime/apiserver/schemas/types-file.ts`.
 */
import type { FieldExtras } from '../../runtime/apiserver/schemas/types-file.ts';

export interface FieldModel {
  readonly json: string;
  /** Its fields stand among those of its parent in JSON, not in protobuf. */
  readonly inline: boolean;
  readonly number: number;
  readonly type: string;
  readonly omitEmpty: boolean;
  readonly required: boolean;
  /** As in OpenAPI. */
  readonly description: string;
  /** What it, or an item of its list, may be; null when its type has no marker `+enum`. */
  readonly values: readonly string[] | null;
  readonly merge: MergeFacts;
}

export type MergeFacts = Pick<
  FieldExtras,
  'listType' | 'listMapKeys' | 'mapType' | 'patchStrategy' | 'patchMergeKey' | 'default'
>;

export interface TypeModel {
  readonly name: string;
  readonly description: string;
  readonly fields: readonly FieldModel[];
  /** An object of its own with `kind` and `apiVersion`. */
  readonly isKind: boolean;
  /** Server-side apply takes it as a whole. */
  readonly isAtomic: boolean;
  readonly union: UnionModel | null;
}

/** Fields of which one may be there, as another field says. */
export interface UnionModel {
  readonly discriminator: string | null;
  /** The value that stands for each, by JSON name. */
  readonly members: Readonly<Record<string, string>>;
}

export interface PackageModel {
  /** As in OpenAPI: `io.k8s.api.apps.v1`. */
  readonly name: string;
  /** Null when the package is of no API group. */
  readonly group: string | null;
  readonly version: string;
  readonly types: readonly TypeModel[];
}
