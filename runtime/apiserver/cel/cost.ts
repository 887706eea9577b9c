/**
 * What an expression may cost at most, before there is anything to evaluate it with: from how large its variables can be. The figures
 * are cel-go's, and those of Kubernetes' libraries: a rule that the real server takes is taken. (cel-go, checker/cost.go) Pure.
 */
import { callCost } from './library-costs.ts';
import { checkedTree, type Declarations } from './rule.ts';
import { anySize, atMost, type Estimate, type Extent, exactly, type Size, unionOf } from './sizes.ts';
import type { FoldMacro, Node } from './syntax.ts';
import type { Type } from './types.ts';
import type { Value } from './values.ts';

/** @param extents of the variables. @returns null for an expression that cannot be read */
export function mostCost(
  text: string,
  declarations: Declarations,
  extents: Readonly<Record<string, Extent>>,
): number | null {
  const checked = checkedTree(text, declarations);
  if (checked === null) return null;
  const names = new Map(Object.entries(extents).map(([name, extent]) => [name, local(extent)]));
  return estimate({ types: checked.types, names }, checked.tree).cost;
}

interface Scope {
  readonly types: ReadonlyMap<Node, Type>;
  readonly names: ReadonlyMap<string, Local>;
}

interface Local {
  readonly extent: Extent | null;
  readonly size: Size | null;
}

const steps = { name: 1, list: 10, map: 30 } as const;

function local(extent: Extent | null, size: Size | null = null): Local {
  return { extent, size };
}

function estimate(scope: Scope, node: Node): Estimate {
  const found = estimateOf(scope, node);
  const type = scope.types.get(node) ?? { kind: 'dyn' };
  return { ...found, type, size: found.size ?? sizeOf(found.extent, type) };
}

type Found = Pick<Estimate, 'cost' | 'extent' | 'items'> & { readonly size: Size | null };

function found(cost: number, more: Partial<Found> = {}): Found {
  return { cost, extent: null, size: null, items: null, ...more };
}

function sizeOf(extent: Extent | null, type: Type): Size {
  if (extent !== null) return atMost(extent.most);
  return isScalar(type) ? exactly(1) : anySize;
}

function isScalar(type: Type): boolean {
  if (type.kind === 'optional') return isScalar(type.of);
  return ['bool', 'double', 'duration', 'int', 'timestamp', 'uint'].includes(type.kind);
}

function estimateOf(scope: Scope, node: Node): Found {
  switch (node.op) {
    case 'literal':
      return found(0, { size: sizeOfLiteral(node.value) });
    case 'name': {
      const known = scope.names.get(node.name);
      return found(steps.name, { extent: known?.extent ?? null, size: known?.size ?? null });
    }
    case 'select':
      return select(scope, node);
    case 'index': {
      const [operand, index] = [estimate(scope, node.operand), estimate(scope, node.index)];
      const size = operand.items;
      return found(operand.cost + index.cost + 1, { extent: operand.extent?.element ?? null, size });
    }
    case 'call': {
      const target = node.target === null ? null : estimate(scope, node.target);
      const args = node.args.map((one) => estimate(scope, one));
      const before = [...(target === null ? [] : [target]), ...args].reduce((sum, { cost }) => sum + cost, 0);
      const call = callCost(node.name, target, args);
      return found(before + call.cost, { size: call.size ?? null, items: call.items ?? null });
    }
    case 'list': {
      const items = node.items.map(({ value }) => estimate(scope, value));
      const size = exactly(items.length);
      return found(steps.list + sum(items), { size, items: unionOf(items.map((one) => one.size)) });
    }
    case 'map': {
      const values = node.entries.map(({ value }) => estimate(scope, value));
      const keys = node.entries.map(({ key }) => estimate(scope, key));
      const items = unionOf(values.map((one) => one.size));
      return found(steps.map + sum(values) + sum(keys), { size: exactly(values.length), items });
    }
    case 'and':
    case 'or':
      return found(sum(node.operands.map((one) => estimate(scope, one))));
    case 'if': {
      const [test, then, otherwise] = [node.test, node.then, node.otherwise].map((one) =>
        estimate(scope, one),
      ) as [Estimate, Estimate, Estimate];
      const size = unionOf([then.size, otherwise.size]);
      return found(test.cost + Math.max(then.cost, otherwise.cost), { size });
    }
    case 'fold':
      return fold(scope, node);
    case 'optionalMap': {
      const target = estimate(scope, node.target);
      const names = new Map(scope.names).set(node.name, local(target.extent, target.size));
      const body = estimate({ ...scope, names }, node.body);
      // It is asked whether there is something, and for what; the name is bound by a loop over nothing.
      return found(2 * target.cost + 2 + steps.list + body.cost + 1, { size: body.size });
    }
  }
}

function sum(all: readonly Estimate[]): number {
  return all.reduce((total, { cost }) => total + cost, 0);
}

function sizeOfLiteral(value: Value): Size {
  if (typeof value === 'string') return exactly([...value].length);
  if (value instanceof Uint8Array) return exactly(value.length);
  return exactly(1);
}

function select(scope: Scope, node: Extract<Node, { op: 'select' }>): Found {
  const operand = estimate(scope, node.operand);
  // To look whether something is there costs nothing.
  if (node.isTest) return found(Math.max(0, operand.cost - steps.name));
  const hasFields = operand.type.kind === 'map' || operand.type.kind === 'object';
  const cost = operand.cost + (hasFields || node.isOptional ? steps.name : 0);
  return found(cost, { extent: operand.extent?.fields?.get(node.field) ?? null });
}

/** What a macro is made of in cel-go, without what it is written with: for each item, and once. */
interface Loop {
  readonly once: number;
  readonly each: (body: number) => number;
}

/** The condition, and the step, of the loop that stands for each macro. */
const loops: Readonly<Record<FoldMacro, Loop>> = {
  all: { once: 1, each: (body) => 2 + 1 + body },
  exists: { once: 1, each: (body) => 3 + 1 + body },
  existsOne: { once: 2, each: (body) => body + 2 },
  map: { once: steps.list + 1, each: (body) => 2 + steps.list + body },
  filter: { once: steps.list + 1, each: (body) => body + 3 + steps.list },
  transformMap: { once: steps.map + 1, each: (body) => 3 + body },
  transformMapEntry: { once: steps.map + 1, each: (body) => 2 + body },
};

function fold(scope: Scope, node: Extract<Node, { op: 'fold' }>): Found {
  const range = estimate(scope, node.range);
  const isList = range.type.kind !== 'map';
  const item = local(range.extent?.element ?? null, range.items);
  const key = isList ? local(null, exactly(1)) : local(range.extent?.key ?? null);
  const [first, second] = node.names as [string, string | undefined];
  const names = new Map(scope.names).set(first, second === undefined && isList ? item : key);
  if (second !== undefined) names.set(second, item);
  const body = estimate({ ...scope, names }, node.body);
  const filter = node.filter === null ? 0 : estimate({ ...scope, names }, node.filter).cost;
  const { once, each } = loops[node.macro];
  const cost = range.cost + once + range.size.most * (filter + each(body.cost));
  const isContainer = node.macro !== 'all' && node.macro !== 'exists' && node.macro !== 'existsOne';
  if (!isContainer) return found(cost);
  const items = node.macro === 'filter' ? sizeOf(item.extent, { kind: 'dyn' }) : body.size;
  return found(cost, { size: atMost(range.size.most), items });
}
