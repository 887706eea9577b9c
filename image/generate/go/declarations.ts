/** What is read of Kubernetes' Go sources: the types of a package with their comments and tags, as plain data. */

export type GoType =
  | { readonly kind: 'name'; readonly package: string; readonly name: string }
  | { readonly kind: 'pointer' | 'slice'; readonly of: GoType }
  | { readonly kind: 'map'; readonly key: GoType; readonly of: GoType };

export interface GoField {
  readonly goName: string;
  readonly type: GoType;
  /** Embedded without a name of its own. */
  readonly embedded: boolean;
  readonly comment: readonly string[];
  /** Of the struct tag: `json`, `protobuf`, `patchStrategy`, `patchMergeKey`. */
  readonly tags: Readonly<Record<string, string>>;
}

export interface GoStruct {
  readonly kind: 'struct';
  readonly comment: readonly string[];
  readonly fields: readonly GoField[];
}

export interface GoAlias {
  readonly kind: 'alias';
  /** `type A = B` is another name for B; `type A B` is a type of its own. */
  readonly isSameType: boolean;
  readonly comment: readonly string[];
  readonly type: GoType;
}

export interface GoConstant {
  readonly name: string;
  /** The name of its type in the same package. */
  readonly type: string;
  readonly value: string;
  readonly comment: readonly string[];
}

export interface GoPackage {
  /** As it is imported: `k8s.io/api/apps/v1`. */
  readonly path: string;
  /** Of the marker `+groupName`; null when the package is of no API group. */
  readonly group: string | null;
  readonly types: ReadonlyMap<string, GoStruct | GoAlias>;
  readonly constants: readonly GoConstant[];
}

/** The package of Go's own types. */
export const builtin = '';
