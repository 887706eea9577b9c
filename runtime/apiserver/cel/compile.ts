/**
 * An expression's tree as something to be run: every node gets its type, by which overloads are chosen, and a closure. What is
 * not known before, because a part is dyn, is settled when it is run. (cel-go, checker and interpreter) Pure.
 */
import { EvaluationError, spend } from './budget.ts';
import { callOf } from './calls.ts';
import { type Compiled, type Compiler, fault, type Scope, truthOf } from './compiler.ts';
import { compileFold, compileOptionalMap } from './folds.ts';
import type { Frame, Step } from './frame.ts';
import type { Node } from './syntax.ts';
import { bool, dyn, formatType, isAssignable, join, listOf, mapOf, optionalOf, type Type } from './types.ts';
import { isKind, keyText, list, map, none, type OptionalValue, typeName, type Value } from './values.ts';

export function compileNode(compiler: Compiler, scope: Scope, node: Node): Compiled {
  switch (node.op) {
    case 'literal':
      return { type: typeOfLiteral(node.value), run: () => node.value };
    case 'name':
      return compileName(compiler, scope, node);
    case 'select':
      return compileSelect(compiler, scope, node);
    case 'index':
      return compileIndex(compiler, scope, node);
    case 'call':
      return compileCall(compiler, scope, node);
    case 'list':
      return compileList(compiler, scope, node);
    case 'map':
      return compileMap(compiler, scope, node);
    case 'and':
    case 'or':
      return compileLogic(compiler, scope, node);
    case 'if':
      return compileIf(compiler, scope, node);
    case 'fold':
      return compileFold(compiler, scope, node);
    case 'optionalMap':
      return compileOptionalMap(compiler, scope, node);
  }
}

function typeOfLiteral(value: Value): Type {
  if (value === null) return { kind: 'null' };
  return { kind: typeName(value) as 'bool' };
}

const typeNames: ReadonlySet<string> = new Set([
  ...['bool', 'int', 'uint', 'double', 'string', 'bytes', 'list', 'map', 'null_type', 'type'],
]);

function compileName(compiler: Compiler, { names }: Scope, node: Extract<Node, { op: 'name' }>): Compiled {
  const { name } = node;
  const known = names.get(name);
  if (known !== undefined) {
    const { slot, type } = known;
    return {
      type,
      run: ({ slots, budget }) => {
        spend(budget, 1);
        const value = slots[slot];
        if (value === undefined) throw new EvaluationError(`no such attribute(s): ${name}`);
        return value;
      },
    };
  }
  if (typeNames.has(name)) return { type: { kind: 'type' }, run: () => ({ kind: 'type', name }) };
  return fault(compiler, node, `undeclared reference to '${name}' (in container '')`);
}

function compileSelect(compiler: Compiler, scope: Scope, node: Extract<Node, { op: 'select' }>): Compiled {
  const wellKnown = wellKnownType(node);
  if (wellKnown !== null && !scope.names.has('google')) return wellKnown;
  const operand = compiler.compile(scope, node.operand);
  const isOptional = node.isOptional || operand.type.kind === 'optional';
  const of = operand.type.kind === 'optional' ? operand.type.of : operand.type;
  const below = fieldOf(of, node.field);
  if (below === 'unknown') return fault(compiler, node, `undefined field '${node.field}'`);
  if (below === 'none')
    return fault(compiler, node, `type '${formatType(of)}' does not support field selection`);
  const { field } = node;
  const read = (frame: Frame): Value | undefined => {
    spend(frame.budget, 1);
    return fieldIn(operand.run(frame), field);
  };
  if (node.isTest) return { type: bool, run: (frame) => read(frame) !== undefined };
  if (!isOptional) return { type: below, run: (frame) => there(read(frame), () => missing(field)) };
  const run: Step = (frame) => asOptional(read(frame));
  return { type: below.kind === 'optional' ? below : optionalOf(below), run };
}

function wellKnownType(node: Extract<Node, { op: 'select' }>): Compiled | null {
  const name = qualifiedName(node);
  if (name !== 'google.protobuf.Timestamp' && name !== 'google.protobuf.Duration') return null;
  return { type: { kind: 'type' }, run: () => ({ kind: 'type', name }) };
}

/** `a.b.c`, where a tree is nothing else. */
export function qualifiedName(node: Node): string | null {
  if (node.op === 'name') return node.name;
  if (node.op !== 'select' || node.isTest || node.isOptional) return null;
  const before = qualifiedName(node.operand);
  return before === null ? null : `${before}.${node.field}`;
}

function fieldOf(type: Type, field: string): Type | 'unknown' | 'none' {
  switch (type.kind) {
    case 'dyn':
      return dyn;
    case 'map':
      return type.key.kind === 'string' || type.key.kind === 'dyn' ? type.value : 'none';
    case 'object':
      return type.fields.get(field)?.type ?? 'unknown';
    default:
      return 'none';
  }
}

/** Null is something. */
function there(value: Value | undefined, otherwise: () => never): Value {
  return value === undefined ? otherwise() : value;
}

function missing(key: string): never {
  throw new EvaluationError(`no such key: ${key}`);
}

function asOptional(value: Value | undefined): OptionalValue {
  if (value === undefined) return none;
  return isKind(value, 'optional') ? value : { kind: 'optional', value };
}

/** Undefined: it is not there. */
function fieldIn(value: Value, field: string): Value | undefined {
  if (isKind(value, 'map')) return value.get(field);
  if (!isKind(value, 'optional')) throw new EvaluationError('no such overload');
  return value.value === undefined ? undefined : fieldIn(value.value, field);
}

function compileIndex(compiler: Compiler, scope: Scope, node: Extract<Node, { op: 'index' }>): Compiled {
  const operand = compiler.compile(scope, node.operand);
  const index = compiler.compile(scope, node.index);
  const of = operand.type.kind === 'optional' ? operand.type.of : operand.type;
  const type = itemOf(of, index.type);
  if (type === null) {
    const given = `(${formatType(operand.type)}, ${formatType(index.type)})`;
    return fault(compiler, node, `found no matching overload for '_[_]' applied to '${given}'`);
  }
  const read = (frame: Frame): Value | undefined => {
    spend(frame.budget, 1);
    return itemIn(operand.run(frame), index.run(frame));
  };
  if (node.isOptional || operand.type.kind === 'optional')
    return { type: optionalOf(type), run: (frame) => asOptional(read(frame)) };
  return {
    type,
    run: (frame) => there(read(frame), () => noItem(index.run(frame), operand.run(frame))),
  };
}

function itemOf(type: Type, index: Type): Type | null {
  const fits = (wanted: Type): boolean => isAssignable(wanted, index, new Map());
  switch (type.kind) {
    case 'dyn':
      return dyn;
    case 'list':
      return fits({ kind: 'int' }) ? type.element : null;
    case 'map':
      return fits(type.key) ? type.value : null;
    default:
      return null;
  }
}

function itemIn(value: Value, index: Value): Value | undefined {
  if (isKind(value, 'optional')) return value.value === undefined ? undefined : itemIn(value.value, index);
  if (isKind(value, 'map')) return value.get(index);
  if (!isKind(value, 'list')) throw new EvaluationError('no such overload');
  const text = keyText(index);
  if (!text.startsWith('n')) throw new EvaluationError(`unsupported index type '${typeName(index)}' in list`);
  const place = Number(text.slice(1));
  return place >= 0 && place < value.size ? value.at(place) : undefined;
}

function noItem(index: Value, of: Value): never {
  const word = keyText(index).slice(1);
  throw new EvaluationError(isKind(of, 'list') ? `index out of bounds: ${word}` : `no such key: ${word}`);
}

function compileCall(compiler: Compiler, scope: Scope, node: Extract<Node, { op: 'call' }>): Compiled {
  const { target, name } = node;
  const root = target === null ? null : rootOf(target);
  const container = target === null || root === null || scope.names.has(root) ? null : qualifiedName(target);
  const qualified = container === null ? null : `${container}.${name}`;
  const isGlobal = qualified !== null && compiler.functions.has(qualified);
  const nodes = target === null || isGlobal ? node.args : [target, ...node.args];
  const args = nodes.map((one) => compiler.compile(scope, one));
  const called = isGlobal ? qualified : name;
  const call = callOf(compiler.functions, called, target !== null && !isGlobal, args);
  if (call.kind === 'call') return call.compiled;
  return fault(compiler, node, call.message);
}

function rootOf(node: Node): string | null {
  if (node.op === 'name') return node.name;
  return node.op === 'select' ? rootOf(node.operand) : null;
}

function compileList(compiler: Compiler, scope: Scope, node: Extract<Node, { op: 'list' }>): Compiled {
  const items = node.items.map(({ value, isOptional }) => ({
    ...compiler.compile(scope, value),
    isOptional,
  }));
  const types = items.map(({ type, isOptional }) =>
    isOptional && type.kind === 'optional' ? type.of : type,
  );
  const run: Step = (frame) => {
    spend(frame.budget, 10);
    return list(items.flatMap((item) => present(item.run(frame), item.isOptional)));
  };
  return { type: listOf(commonType(types)), run };
}

function present(value: Value, isOptional: boolean): Value[] {
  if (!isOptional) return [value];
  if (!isKind(value, 'optional')) throw new EvaluationError('no such overload');
  return value.value === undefined ? [] : [value.value];
}

function commonType(types: readonly Type[]): Type {
  const [first = dyn, ...others] = types;
  return others.reduce((common, type) => join(common, type), first);
}

function compileMap(compiler: Compiler, scope: Scope, node: Extract<Node, { op: 'map' }>): Compiled {
  const entries = node.entries.map(({ key, value, isOptional }) => ({
    key: compiler.compile(scope, key),
    value: compiler.compile(scope, value),
    isOptional,
  }));
  const run: Step = (frame) => {
    spend(frame.budget, 30);
    return distinctMap(
      entries.flatMap(({ key, value, isOptional }) =>
        present(value.run(frame), isOptional).map((one) => [key.run(frame), one] as const),
      ),
    );
  };
  const values = entries.map(({ value: { type }, isOptional }) =>
    isOptional && type.kind === 'optional' ? type.of : type,
  );
  return { type: mapOf(commonType(entries.map(({ key }) => key.type)), commonType(values)), run };
}

function distinctMap(entries: readonly (readonly [Value, Value])[]): Value {
  const made = map(entries);
  if (made.size === entries.length) return made;
  throw new EvaluationError('Failed with repeated key');
}

/** A side that fails does not matter where another one settles it. */
function compileLogic(compiler: Compiler, scope: Scope, node: Extract<Node, { op: 'and' | 'or' }>): Compiled {
  const sign = node.op === 'and' ? '_&&_' : '_||_';
  const operands = node.operands.map((one) => compiler.compile(scope, one));
  if (operands.some(({ type }) => type.kind !== 'bool' && type.kind !== 'dyn')) {
    const given = operands.map(({ type }) => formatType(type)).join(', ');
    return fault(compiler, node, `found no matching overload for '${sign}' applied to '(${given})'`);
  }
  const settles = node.op === 'or';
  const run: Step = (frame) => {
    let failure: EvaluationError | null = null;
    for (const operand of operands) {
      spend(frame.budget, 1);
      try {
        const value = truthOf(operand.run(frame));
        if (value === settles) return value;
      } catch (error) {
        if (!(error instanceof EvaluationError)) throw error;
        failure ??= error;
      }
    }
    if (failure !== null) throw failure;
    return !settles;
  };
  return { type: bool, run };
}

function compileIf(compiler: Compiler, scope: Scope, node: Extract<Node, { op: 'if' }>): Compiled {
  const test = compiler.compile(scope, node.test);
  const then = compiler.compile(scope, node.then);
  const otherwise = compiler.compile(scope, node.otherwise);
  const isTruth = test.type.kind === 'bool' || test.type.kind === 'dyn';
  const isOne =
    isAssignable(then.type, otherwise.type, new Map()) || isAssignable(otherwise.type, then.type, new Map());
  if (!isTruth || !isOne) {
    const given = [test, then, otherwise].map(({ type }) => formatType(type)).join(', ');
    return fault(compiler, node, `found no matching overload for '_?_:_' applied to '(${given})'`);
  }
  const run: Step = (frame) => {
    spend(frame.budget, 1);
    return truthOf(test.run(frame)) ? then.run(frame) : otherwise.run(frame);
  };
  return { type: join(then.type, otherwise.type), run };
}
