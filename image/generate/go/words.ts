/** Go's types as words of `runtime/apiserver/schemas/types-file.ts`: aliases are followed, names are whole. */
import { BuildError } from '../../build-error.ts';
import { builtin, type GoAlias, type GoPackage, type GoStruct, type GoType } from './declarations.ts';

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

/** The package that is read, and where others are looked up. */
export interface Context {
  readonly source: GoPackage;
  /** By path. */
  readonly packages: GoPackages;
  /** Whether protobuf knows the type. */
  readonly isMessage: (path: string, name: string) => boolean;
}

export type GoPackages = ReadonlyMap<string, GoPackage>;

/** `k8s.io/api/apps/v1` is `io.k8s.api.apps.v1` in OpenAPI. */
export function packageName(path: string): string {
  return path.replace(/^k8s\.io/, 'io.k8s').replaceAll('/', '.');
}

/** It is no type of the API's own, but a special one or a scalar. */
export function hasOwnEncoding(path: string, name: string): boolean {
  return `${path}.${name}` in knownTypes;
}

/** `type A b.B` has B's fields and its own name. */
export function structBehind({ type, comment, isSameType }: GoAlias, packages: GoPackages): GoStruct | null {
  if (isSameType) return null;
  const of = type.kind === 'name' ? packages.get(type.package)?.types.get(type.name) : undefined;
  return of?.kind === 'struct' ? { ...of, comment } : null;
}

/** @param where for the message when a type is not among the sources. */
export function typeWord(type: GoType, context: Context, where: string): string {
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
