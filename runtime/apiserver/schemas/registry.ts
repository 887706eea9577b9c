/**
 * Every API type that Kubernetes 1.32 and we know, by name and by kind. A package's types are read when the first of them
 * is asked for: a node that serves a few groups does not hold the others.
 */
import {
  type FieldExtras,
  type FieldRecord,
  type PackageRecord,
  type SpecialType,
  specialTypes,
  type TypeRecord,
  type TypesFile,
} from './types-file.ts';

const scalarTypes = ['string', 'bool', 'int32', 'int64', 'uint32', 'uint64', 'double', 'bytes'] as const;
export type ScalarType = (typeof scalarTypes)[number];

const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1';

export interface GroupVersionKind {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface ApiType {
  /** As in OpenAPI: `io.k8s.api.apps.v1.Deployment`. */
  readonly name: string;
  /** It has `kind` and `apiVersion`, which are no fields. */
  readonly isKind: boolean;
  /** Server-side apply takes it as a whole. */
  readonly isAtomic: boolean;
  /** In the order in which Go writes JSON. */
  readonly fields: readonly ApiField[];
  /** The same by their numbers, highest first, as protobuf is written from its end. */
  readonly fromLast: readonly ApiField[];
  readonly byNumber: ReadonlyMap<number, ApiField>;
}

export interface ApiField extends FieldExtras {
  /** Empty when the field's own fields stand among its parent's. */
  readonly json: string;
  readonly number: number;
  /** Its place among the fields of its type. */
  readonly index: number;
  readonly shape: 'single' | 'list' | 'map';
  /** Absent is another thing than zero. */
  readonly isPointer: boolean;
  /** Of the value, or of what a list or map holds. */
  readonly of: FieldType;
}

export type FieldType =
  | { readonly kind: 'scalar'; readonly scalar: ScalarType }
  | { readonly kind: 'special'; readonly special: SpecialType }
  | { readonly kind: 'message'; readonly type: ApiType };

export class Registry {
  /** Of Kubernetes' definitions. */
  readonly version: string;
  readonly #packages: TypesFile['packages'];
  readonly #kinds = new Map<string, ApiType>();
  readonly #read = new Map<string, Map<string, ApiType>>();

  /** @param text what `npm run generate` wrote. */
  constructor(text: string) {
    const file = JSON.parse(text) as TypesFile;
    this.version = file.version;
    this.#packages = file.packages;
  }

  /** Null when there is no such type. */
  type(name: string): ApiType | null {
    const dot = name.lastIndexOf('.');
    return this.#typesOf(name.slice(0, dot))?.get(name.slice(dot + 1)) ?? null;
  }

  /** The type of a kind; those of `meta/v1`, such as Status and DeleteOptions, are of every group. */
  kind({ group, version, kind }: GroupVersionKind): ApiType | null {
    const key = `${group}/${version}/${kind}`;
    const known = this.#kinds.get(key);
    if (known !== undefined) return known;
    const found = this.#findKind({ group, version, kind });
    // What is not there is asked for by strangers, in any number.
    if (found !== null) this.#kinds.set(key, found);
    return found;
  }

  #findKind({ group, version, kind }: GroupVersionKind): ApiType | null {
    const own = Object.entries(this.#packages).find(
      ([, item]) => item.group === group && item.version === version && item.kinds.includes(kind),
    );
    if (own !== undefined) return this.type(`${own[0]}.${kind}`);
    const isMeta = this.#packages[metaPackage]?.kinds.includes(kind) === true;
    return isMeta ? this.type(`${metaPackage}.${kind}`) : null;
  }

  /** All kinds, sorted by group, version and name. */
  kinds(): readonly GroupVersionKind[] {
    const all = Object.values(this.#packages).flatMap(({ group, version, kinds }) =>
      group === null ? [] : kinds.map((kind) => ({ group, version, kind })),
    );
    const key = (item: GroupVersionKind): string => `${item.group}\0${item.version}\0${item.kind}`;
    return all.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }

  #typesOf(packageName: string): ReadonlyMap<string, ApiType> | undefined {
    const known = this.#read.get(packageName);
    if (known !== undefined) return known;
    const record: PackageRecord | undefined = this.#packages[packageName];
    if (record === undefined) return undefined;
    const types = new Map<string, ApiType>();
    this.#read.set(packageName, types);
    for (const [name, type] of Object.entries(JSON.parse(record.types) as Record<string, TypeRecord>)) {
      types.set(name, this.#makeType(packageName, name, type));
    }
    return types;
  }

  #makeType(packageName: string, name: string, record: TypeRecord): ApiType {
    const fields = record.fields.map((field, index) => this.#makeField(packageName, field, index));
    return {
      name: `${packageName}.${name}`,
      isKind: record.kind === true,
      isAtomic: record.atomic === true,
      fields,
      fromLast: fields.toSorted((a, b) => b.number - a.number),
      byNumber: new Map(fields.map((field) => [field.number, field])),
    };
  }

  #makeField(packageName: string, [json, number, word, extras]: FieldRecord, index: number): ApiField {
    const [, prefix = '', base = ''] = /^(\*|\[\]|\{\})?(.*)$/.exec(word)!;
    const shape = prefix === '[]' ? 'list' : prefix === '{}' ? 'map' : 'single';
    return {
      json,
      number,
      index,
      shape,
      isPointer: prefix === '*',
      of: this.#makeFieldType(packageName, base),
      ...extras,
    };
  }

  #makeFieldType(packageName: string, base: string): FieldType {
    const scalar = scalarTypes.find((name) => name === base);
    if (scalar !== undefined) return { kind: 'scalar', scalar };
    const special = specialTypes.find((name) => name === base);
    if (special !== undefined) return { kind: 'special', special };
    const name = base.startsWith('.') ? `${packageName}${base}` : base;
    const lookUp = (): ApiType => {
      const type = this.type(name);
      if (type === null) throw new Error(`the generated schemas name ${name} and do not hold it`);
      return type;
    };
    // Types refer to each other in circles, so that one is looked up when it is used.
    let found: ApiType | undefined;
    return {
      kind: 'message',
      get type() {
        found ??= lookUp();
        return found;
      },
    };
  }
}
