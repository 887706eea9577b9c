/** From Go declarations to the model: aliases are followed, markers in comments and tags become facts. */
import { BuildError } from '../../build-error.ts';
import type { FieldModel, MergeFacts, PackageModel, TypeModel, UnionModel } from '../model.ts';
import {
  builtin,
  type GoAlias,
  type GoConstant,
  type GoField,
  type GoPackage,
  type GoStruct,
  type GoType,
} from './declarations.ts';
import { describe, describeValues } from './describe.ts';

const meta = 'k8s.io/apimachinery/pkg/apis/meta/v1';

/** Types that other packages of Go declare, or that have an encoding of their own. */
const knownTypes: Readonly<Record<string, string>> = {
  [`${meta}.Time`]: 'time',
  [`${meta}.MicroTime`]: 'microTime',
  [`${meta}.Duration`]: 'duration',
  [`${meta}.FieldsV1`]: 'fields',
  'k8s.io/apimachinery/pkg/api/resource.Quantity': 'quantity',
  'k8s.io/apimachinery/pkg/util/intstr.IntOrString': 'intOrString',
  'k8s.io/apimachinery/pkg/runtime.RawExtension': 'raw',
  'k8s.io/apimachinery/pkg/types.UID': 'string',
};

const scalars: Readonly<Record<string, string>> = {
  ...{ string: 'string', bool: 'bool', int32: 'int32', int64: 'int64', uint32: 'uint32', uint64: 'uint64' },
  ...{ float64: 'double', byte: 'byte' },
};

/** Packages to look a name up in, by path. */
export type GoPackages = ReadonlyMap<string, GoPackage>;

/** `k8s.io/api/apps/v1` is `io.k8s.api.apps.v1` in OpenAPI. */
export function packageName(path: string): string {
  return path.replace(/^k8s\.io/, 'io.k8s').replaceAll('/', '.');
}

/** @param isMessage whether protobuf knows the type; those it does not know are JSON's alone and are left out. */
export function modelOfPackage(
  source: GoPackage,
  packages: GoPackages,
  isMessage: (path: string, name: string) => boolean,
): PackageModel {
  const types = [...source.types].flatMap(([name, declaration]) => {
    const struct = declaration.kind === 'struct' ? declaration : structBehind(declaration, packages);
    const hasOwnEncoding = `${source.path}.${name}` in knownTypes;
    return struct !== null && isMessage(source.path, name) && !hasOwnEncoding
      ? [modelOfStruct(name, struct, { source, packages, isMessage })]
      : [];
  });
  return {
    name: packageName(source.path),
    group: source.group,
    version: source.path.replace(/^.*\//, ''),
    types: types.sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** `type A b.B` has B's fields and its own name. */
function structBehind({ type, comment, isSameType }: GoAlias, packages: GoPackages): GoStruct | null {
  if (isSameType) return null;
  const of = type.kind === 'name' ? packages.get(type.package)?.types.get(type.name) : undefined;
  return of?.kind === 'struct' ? { ...of, comment } : null;
}

interface Context {
  readonly source: GoPackage;
  readonly packages: GoPackages;
  readonly isMessage: (path: string, name: string) => boolean;
}

function modelOfStruct(name: string, struct: GoStruct, context: Context): TypeModel {
  const isTypeMeta = (field: GoField): boolean =>
    field.embedded && field.tags.json === ',inline' && field.goName === 'TypeMeta';
  return {
    name,
    description: describe(struct.comment),
    isKind: struct.fields.some(isTypeMeta),
    isAtomic: markers(struct.comment).get('structType')?.[0] === 'atomic',
    union: unionOf(struct),
    fields: struct.fields
      .filter((field) => !isTypeMeta(field) && !['-', undefined].includes(field.tags.protobuf))
      .map((field) => modelOfField(field, context, `${context.source.path}.${name}.${field.goName}`)),
  };
}

function unionOf(struct: GoStruct): UnionModel | null {
  if (!markers(struct.comment).has('union')) return null;
  const named = struct.fields.map((field) => [field.tags.json?.split(',')[0] ?? '', field] as const);
  const isDiscriminator = (field: GoField): boolean => markers(field.comment).has('unionDiscriminator');
  return {
    discriminator: named.find(([, field]) => isDiscriminator(field))?.[0] ?? null,
    members: Object.fromEntries(
      named
        .filter(([, field]) => !isDiscriminator(field))
        .map(([json, field]) => [json, field.goName] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  };
}

function modelOfField(field: GoField, context: Context, where: string): FieldModel {
  const [json = '', ...options] = (field.tags.json ?? '').split(',');
  const number = Number(field.tags.protobuf!.split(',')[1]);
  const marked = markers(field.comment);
  const omitEmpty = options.includes('omitempty');
  const inline = options.includes('inline') || (json === '' && field.embedded);
  const isList = field.type.kind === 'slice' || field.type.kind === 'map';
  const values = enumValues(isList ? field.type.of : field.type, context);
  if (!Number.isInteger(number) || (json === '' && !inline)) {
    throw new BuildError('damaged-input', `${where} has tags that this program cannot read.`);
  }
  return {
    ...{ json, inline, number, omitEmpty },
    type: typeWord(field.type, context, where),
    required: !inline && !omitEmpty && !marked.has('optional'),
    description: describe([...field.comment, ...(isList ? [] : describeValues(values ?? []))]),
    values: values?.map(({ value }) => value).sort() ?? null,
    merge: mergeFacts(field, marked, context),
  };
}

/** The word for a type, see `runtime/apiserver/schemas/types-file.ts`; names are whole. */
function typeWord(type: GoType, context: Context, where: string): string {
  switch (type.kind) {
    case 'pointer':
      return `*${typeWord(type.of, context, where)}`;
    case 'slice': {
      const of = typeWord(type.of, context, where);
      return of === 'byte' ? 'bytes' : `[]${of}`;
    }
    case 'map':
      return `{}${typeWord(type.of, context, where)}`;
    case 'name':
      return nameWord(type.package, type.name, context, where);
  }
}

function nameWord(path: string, name: string, context: Context, where: string): string {
  const word = path === builtin ? scalars[name] : knownTypes[`${path}.${name}`];
  if (word !== undefined) return word;
  const declaration = context.packages.get(path)?.types.get(name);
  const isStruct =
    declaration?.kind === 'struct' || (declaration && structBehind(declaration, context.packages) !== null);
  if (isStruct) return `${packageName(path)}.${name}`;
  if (declaration?.kind === 'alias') {
    // A named list is a message of its own on the wire.
    if (declaration.type.kind === 'slice' && context.isMessage(path, name)) return 'strings';
    return typeWord(declaration.type, context, where);
  }
  throw new BuildError(
    'damaged-input',
    `${where} is of the type ${path}.${name}, which is not among the sources.`,
  );
}

function aliasOf(
  type: GoType,
  context: Context,
): { readonly alias: GoAlias; readonly name: string; readonly of: GoPackage } | null {
  if (type.kind === 'pointer') return aliasOf(type.of, context);
  if (type.kind !== 'name') return null;
  const of = context.packages.get(type.package);
  const alias = of?.types.get(type.name);
  return alias?.kind === 'alias' ? { alias, name: type.name, of: of! } : null;
}

function enumValues(type: GoType, context: Context): readonly GoConstant[] | null {
  const found = aliasOf(type, context);
  if (found === null || !markers(found.alias.comment).has('enum')) return null;
  return found.of.constants.filter((constant) => constant.type === found.name);
}

function mergeFacts(field: GoField, marked: Markers, context: Context): MergeFacts {
  const one = (name: string): string | undefined => marked.get(name)?.[0];
  const listType = one('listType') as MergeFacts['listType'];
  const listMapKeys = marked.get('listMapKey');
  const alias = aliasOf(field.type, context)?.alias;
  const mapType = (one('mapType') ??
    one('structType') ??
    (alias && markers(alias.comment).get('mapType')?.[0])) as MergeFacts['mapType'] | undefined;
  const { patchStrategy, patchMergeKey } = field.tags;
  const defaultText = one('default');
  return {
    ...(listType && { listType }),
    ...(listMapKeys && { listMapKeys }),
    ...(mapType && { mapType }),
    ...(patchStrategy && { patchStrategy }),
    ...(patchMergeKey && { patchMergeKey }),
    ...(defaultText !== undefined && { default: defaultValue(defaultText, context) }),
  };
}

/** JSON, or `ref(NAME)` of a constant. */
function defaultValue(text: string, context: Context): unknown {
  const reference = /^ref\((\w+)\)$/.exec(text)?.[1];
  if (reference === undefined) return JSON.parse(text) as unknown;
  const constant = context.source.constants.find(({ name }) => name === reference);
  if (constant === undefined) {
    throw new BuildError('damaged-input', `${context.source.path}: no constant ${reference} for a default.`);
  }
  return constant.value;
}

type Markers = ReadonlyMap<string, readonly string[]>;

/** Lines of a comment such as `+listMapKey=name`, by name. */
function markers(comment: readonly string[]): Markers {
  const found = new Map<string, string[]>();
  for (const line of comment) {
    const match = /^\+([\w:.-]+)(?:=(.*))?$/.exec(line.trim());
    if (match === null) continue;
    found.set(match[1]!, [...(found.get(match[1]!) ?? []), match[2] ?? '']);
  }
  return found;
}
