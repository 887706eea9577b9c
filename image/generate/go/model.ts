/** From Go declarations to the model: markers in comments and tags become facts. */
import { BuildError } from '../../build-error.ts';
import type { FieldModel, MergeFacts, PackageModel, TypeModel, UnionModel } from '../model.ts';
import type { GoAlias, GoConstant, GoField, GoPackage, GoStruct, GoType } from './declarations.ts';
import { describe, describeValues } from './describe.ts';
import { type Markers, markers } from './markers.ts';
import {
  type Context,
  type GoPackages,
  hasOwnEncoding,
  packageName,
  structBehind,
  typeWord,
} from './words.ts';

/** @param isMessage whether protobuf knows the type; those it does not know are JSON's alone and are left out. */
export function modelOfPackage(
  source: GoPackage,
  packages: GoPackages,
  isMessage: (path: string, name: string) => boolean,
): PackageModel {
  const types = [...source.types].flatMap(([name, declaration]) => {
    const struct = declaration.kind === 'struct' ? declaration : structBehind(declaration, packages);
    return struct !== null && isMessage(source.path, name) && !hasOwnEncoding(source.path, name)
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
