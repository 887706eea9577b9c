/** Types of CEL, as an expression is checked with them before it is run. (cel-spec, doc/langdef.md) Pure. */

export type Type =
  | { readonly kind: ScalarName }
  | { readonly kind: 'list'; readonly element: Type; readonly identity?: ListIdentity }
  | { readonly kind: 'map'; readonly key: Type; readonly value: Type }
  /** Of a schema: fields that are known, and no others. */
  | { readonly kind: 'object'; readonly name: string; readonly fields: ReadonlyMap<string, FieldType> }
  | { readonly kind: 'optional'; readonly of: Type }
  /** A type of a library, which only its own functions take apart. */
  | { readonly kind: 'opaque'; readonly name: string }
  /** In signatures: any type, the same one wherever it stands. */
  | { readonly kind: 'parameter'; readonly name: string };

export interface FieldType {
  /** The property of the JSON; a name that is no identifier is escaped in expressions. */
  readonly property: string;
  readonly type: Type;
}

/** What makes two items of a list the same one, where it is not their place. */
export type ListIdentity =
  | { readonly kind: 'set' }
  | { readonly kind: 'keys'; readonly keys: readonly string[] };

const scalars = [
  ...(['dyn', 'null', 'bool', 'int', 'uint', 'double', 'string'] as const),
  ...(['bytes', 'timestamp', 'duration', 'type'] as const),
] as const;
export type ScalarName = (typeof scalars)[number];

export const dyn: Type = { kind: 'dyn' };
export const bool: Type = { kind: 'bool' };
export const int: Type = { kind: 'int' };
export const string: Type = { kind: 'string' };

export function listOf(element: Type): Type {
  return { kind: 'list', element };
}

export function mapOf(key: Type, value: Type): Type {
  return { kind: 'map', key, value };
}

export function optionalOf(of: Type): Type {
  return { kind: 'optional', of };
}

export function isScalarName(name: string): name is ScalarName {
  return (scalars as readonly string[]).includes(name);
}

/** As cel-go names it in its errors. */
export function formatType(type: Type): string {
  switch (type.kind) {
    case 'list':
      return `list(${formatType(type.element)})`;
    case 'map':
      return `map(${formatType(type.key)}, ${formatType(type.value)})`;
    case 'optional':
      return `optional_type(${formatType(type.of)})`;
    case 'object':
    case 'opaque':
    case 'parameter':
      return type.name;
    default:
      return type.kind;
  }
}

/** What the parameters of a signature stand for, as far as it is known. */
export type Bound = Map<string, Type>;

const takesNull: ReadonlySet<string> = new Set(['object', 'opaque', 'timestamp', 'duration', 'optional']);

/** Whether a value of the one type can be where the other is wanted; binds parameters of `wanted`. */
export function isAssignable(wanted: Type, given: Type, bound: Bound): boolean {
  if (wanted.kind === 'parameter') return bind(wanted.name, given, bound);
  if (wanted.kind === 'dyn' || given.kind === 'dyn') return true;
  if (given.kind === 'null' && takesNull.has(wanted.kind)) return true;
  switch (wanted.kind) {
    case 'list':
      return given.kind === 'list' && isAssignable(wanted.element, given.element, bound);
    case 'map':
      return (
        (given.kind === 'map' &&
          isAssignable(wanted.key, given.key, bound) &&
          isAssignable(wanted.value, given.value, bound)) ||
        (given.kind === 'object' && wanted.key.kind === 'parameter')
      );
    case 'optional':
      return given.kind === 'optional' && isAssignable(wanted.of, given.of, bound);
    case 'object':
    case 'opaque':
      return given.kind === wanted.kind && given.name === wanted.name;
    default:
      return given.kind === wanted.kind;
  }
}

function bind(name: string, given: Type, bound: Bound): boolean {
  const known = bound.get(name);
  if (known === undefined || known.kind === 'dyn' || isAssignable(given, known, new Map())) {
    // The wider one: null may be an object, and what is not known anything.
    if (known === undefined || given.kind !== 'null') bound.set(name, known?.kind === 'dyn' ? known : given);
    return true;
  }
  return isAssignable(known, given, new Map());
}

/** A type of a signature with its parameters put in; one that nothing is known of is dyn. */
export function substitute(type: Type, bound: Bound): Type {
  switch (type.kind) {
    case 'parameter':
      return bound.get(type.name) ?? dyn;
    case 'list':
      return listOf(substitute(type.element, bound));
    case 'map':
      return mapOf(substitute(type.key, bound), substitute(type.value, bound));
    case 'optional':
      return optionalOf(substitute(type.of, bound));
    default:
      return type;
  }
}

/** The type of either; dyn where they have nothing in common. */
export function join(a: Type, b: Type): Type {
  if (isAssignable(a, b, new Map())) return a.kind === 'null' ? b : a;
  return isAssignable(b, a, new Map()) ? b : dyn;
}
