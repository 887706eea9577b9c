/** The macros that go through a list or a map, and those of optional values. (cel-go, parser/macro.go, ext/comprehensions.go) Pure. */
import { EvaluationError, spend } from './budget.ts';
import { type Compiled, type Compiler, compileTruth, fault, type Scope, truthOf } from './compiler.ts';
import type { Frame, Step } from './frame.ts';
import type { FoldMacro, Node } from './syntax.ts';
import { bool, dyn, formatType, int, listOf, mapOf, optionalOf, type Type } from './types.ts';
import { isKind, list, map, none, type Value } from './values.ts';

type FoldNode = Extract<Node, { op: 'fold' }>;

/** What the names stand for: a key or place, and what is there. */
type Item = readonly [Value, Value];

export function compileFold(compiler: Compiler, scope: Scope, node: FoldNode): Compiled {
  const range = compiler.compile(scope, node.range);
  const types = rangeTypes(range.type, node.names.length);
  if (types === null) {
    const message = `expression of type '${formatType(range.type)}' cannot be range of a comprehension (must be list, map, or dynamic)`;
    return fault(compiler, node.range, message);
  }
  const inner = withNames(scope, node.names, types);
  const slots = node.names.map((name) => inner.names.get(name)?.slot as number);
  const isTest =
    node.macro === 'all' || node.macro === 'exists' || node.macro === 'existsOne' || node.macro === 'filter';
  const body = isTest ? compileTruth(compiler, inner, node.body) : compiler.compile(inner, node.body);
  const filter = node.filter === null ? null : compileTruth(compiler, inner, node.filter);
  const fold = folds[node.macro];
  const run: Step = (frame) => {
    return fold({
      items: itemsOf(range.run(frame), slots.length === 1),
      holds: (item) => {
        enter(frame, slots, item);
        return filter === null || truthOf(filter.run(frame));
      },
      body: () => body.run(frame),
    });
  };
  return { type: resultType(node.macro, range.type, types, body.type), run };
}

/** Of the names; null: it is neither a list nor a map. */
function rangeTypes(type: Type, count: number): readonly Type[] | null {
  switch (type.kind) {
    case 'dyn':
      return [dyn, dyn].slice(0, count);
    case 'list':
      return count === 1 ? [type.element] : [int, type.element];
    case 'map':
      return count === 1 ? [type.key] : [type.key, type.value];
    default:
      return null;
  }
}

/** They hide outer ones of the same name. */
function withNames({ names, depth }: Scope, added: readonly string[], types: readonly Type[]): Scope {
  const entries = added.map(
    (name, index) => [name, { slot: depth + index, type: types[index] as Type }] as const,
  );
  return { names: new Map([...names, ...entries]), depth: depth + added.length };
}

function enter(frame: Frame, slots: readonly number[], item: Item): void {
  spend(frame.budget, 1);
  if (slots.length === 1) frame.slots[slots[0] as number] = item[0];
  else for (const [index, slot] of slots.entries()) frame.slots[slot] = item[index];
}

function resultType(macro: FoldMacro, range: Type, types: readonly Type[], body: Type): Type {
  switch (macro) {
    case 'map':
      return listOf(body);
    case 'filter':
      return listOf(types[0] as Type);
    case 'transformMap':
      return mapOf(range.kind === 'list' ? int : (types[0] as Type), body);
    case 'transformMapEntry':
      return body.kind === 'map' ? body : mapOf(dyn, dyn);
    default:
      return bool;
  }
}

interface Fold {
  readonly items: Iterable<Item>;
  /** Whether the filter lets it through; the names stand for it from here on. */
  readonly holds: (item: Item) => boolean;
  readonly body: () => Value;
}

const folds: Readonly<Record<FoldMacro, (fold: Fold) => Value>> = {
  all: (fold) => !settled(fold, false),
  exists: (fold) => settled(fold, true),
  existsOne: ({ items, holds, body }) => {
    let count = 0;
    for (const item of items) if (holds(item) && truthOf(body())) count += 1;
    return count === 1;
  },
  filter: ({ items, holds, body }) => {
    const kept: Value[] = [];
    for (const item of items) if (holds(item) && truthOf(body())) kept.push(item[0]);
    return list(kept);
  },
  map: ({ items, holds, body }) => {
    const made: Value[] = [];
    for (const item of items) if (holds(item)) made.push(body());
    return list(made);
  },
  transformMap: ({ items, holds, body }) => {
    const made: Item[] = [];
    for (const item of items) if (holds(item)) made.push([item[0], body()]);
    return map(made);
  },
  transformMapEntry: ({ items, holds, body }) => {
    const made: Item[] = [];
    for (const item of items) {
      if (!holds(item)) continue;
      const entry = body();
      if (!isKind(entry, 'map')) throw new EvaluationError('no such overload');
      for (const key of entry.keys()) made.push([key, entry.get(key) as Value]);
    }
    return map(made);
  },
};

/** Whether any item gives the wanted answer; a failure counts where none does. */
function settled({ items, holds, body }: Fold, wanted: boolean): boolean {
  let failure: EvaluationError | null = null;
  for (const item of items) {
    try {
      if (holds(item) && truthOf(body()) === wanted) return true;
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      failure ??= error;
    }
  }
  if (failure !== null) throw failure;
  return false;
}

/** @param isSingle there is one name: what is in a list comes first, not its place. */
function* itemsOf(value: Value, isSingle: boolean): Generator<Item> {
  if (isKind(value, 'list')) {
    for (let index = 0; index < value.size; index += 1) {
      const item = value.at(index);
      yield [isSingle ? item : BigInt(index), item];
    }
  } else if (isKind(value, 'map')) {
    for (const key of value.keys()) yield [key, value.get(key) as Value];
  } else throw new EvaluationError('no such overload');
}

export function compileOptionalMap(
  compiler: Compiler,
  scope: Scope,
  node: Extract<Node, { op: 'optionalMap' }>,
): Compiled {
  const target = compiler.compile(scope, node.target);
  if (target.type.kind !== 'optional' && target.type.kind !== 'dyn') {
    const message = `found no matching overload for 'hasValue' applied to '${formatType(target.type)}.()'`;
    return fault(compiler, node, message);
  }
  const of = target.type.kind === 'optional' ? target.type.of : dyn;
  const inner = withNames(scope, [node.name], [of]);
  const body = compiler.compile(inner, node.body);
  const slot = inner.names.get(node.name)?.slot as number;
  const run: Step = (frame) => {
    spend(frame.budget, 1);
    const optional = target.run(frame);
    if (!isKind(optional, 'optional')) throw new EvaluationError('no such overload');
    if (optional.value === undefined) return none;
    frame.slots[slot] = optional.value;
    const value = body.run(frame);
    return node.isFlat ? value : { kind: 'optional', value };
  };
  if (!node.isFlat) return { type: optionalOf(body.type), run };
  if (body.type.kind === 'optional' || body.type.kind === 'dyn') return { type: body.type, run };
  return fault(compiler, node.body, `expected type 'optional_type' but found '${formatType(body.type)}'`);
}
