/**
 * What calls of functions cost at most, beside their arguments: by how much text or how many items they look at.
 * (cel-go, checker/cost.go; k8s.io/apiserver/pkg/cel/library/cost.go) Pure.
 */
import { anySize, atMost, bounded, type Estimate, type Size } from './sizes.ts';

export interface CallCost {
  readonly cost: number;
  /** Of the result, where it is text, bytes, a list or a map. */
  readonly size?: Size;
  readonly items?: Size | null;
}

type Costed = (target: Estimate | null, args: readonly Estimate[]) => CallCost;

/** Of ten characters or bytes that are gone through. */
const textFactor = 0.1;
const patternFactor = 0.25;
const nominal: CallCost = { cost: 1 };
/** Of two addresses, byte by byte: 16 bytes of each. */
const addressCost = through(32);

export function callCost(name: string, target: Estimate | null, args: readonly Estimate[]): CallCost {
  const costed = Object.hasOwn(functions, name) ? functions[name] : undefined;
  const found = costed === undefined ? nominal : costed(target, args);
  return { ...found, cost: bounded(found.cost) };
}

/** Gone through as text. */
function through(size: number): number {
  return Math.ceil(size * textFactor);
}

function isText({ type: { kind } }: Estimate): boolean {
  return kind === 'string' || kind === 'bytes';
}

function mayBeText(one: Estimate): boolean {
  return isText(one) || one.type.kind === 'dyn';
}

function sizeAt(args: readonly Estimate[], index: number): Size {
  return args[index]?.size ?? anySize;
}

const equals: Costed = (_, args) => {
  const smaller = Math.min(sizeAt(args, 0).most, sizeAt(args, 1).most);
  return { cost: through(smaller) };
};

const orders: Costed = (target, args) => (args.some(mayBeText) ? equals(target, args) : nominal);

const concatenates: Costed = (_, args) => {
  const [left, right] = [sizeAt(args, 0), sizeAt(args, 1)];
  const size = { least: left.least + right.least, most: bounded(left.most + right.most) };
  const kinds = args.map(({ type }) => type.kind);
  if (kinds.includes('list')) return { cost: 1, size, items: null };
  if (args.some(isText)) return { cost: through(size.most), size };
  return kinds.includes('dyn') && !kinds.some((kind) => kind !== 'dyn')
    ? { cost: Math.max(1, through(size.most)), size }
    : nominal;
};

const isIn: Costed = (_, args) =>
  args[1]?.type.kind === 'map' ? nominal : { cost: Math.max(1, sizeAt(args, 1).most) };

/** Of a target that is gone through so often, and gives a text of its own size. */
function overTarget(times: number): Costed {
  return (target) =>
    target === null ? nominal : { cost: through(target.size.most * times), size: target.size };
}

const overList: Costed = (target) => {
  if (target === null) return nominal;
  if (target.type.kind !== 'list') return { cost: through(target.size.most) };
  const { element } = target.type;
  const isOfText = element.kind === 'string' || element.kind === 'bytes';
  return { cost: target.size.most * (1 + (isOfText ? through(itemOf(target).most) : 0)) };
};

function itemOf({ extent, items }: Estimate): Size {
  if (items !== null) return items;
  return extent?.element === undefined ? anySize : atMost(extent.element.most);
}

const replaces: Costed = (target, args) => {
  if (target === null || args.length < 2) return nominal;
  const [replaced, by] = [sizeAt(args, 0), sizeAt(args, 1)];
  const { most } = target.size;
  const cost = Math.ceil(most * 2 * textFactor);
  // An empty text stands around every character.
  if (replaced.least === 0) return { cost, size: atMost(bounded((most + 1) * by.most + most)) };
  if (by.most <= replaced.least) return { cost, size: atMost(most) };
  return { cost, size: atMost(bounded(Math.ceil(most / replaced.least) * by.most)) };
};

const splits: Costed = (target) => {
  if (target === null) return nominal;
  return {
    cost: Math.ceil(target.size.most * 2 * textFactor),
    size: atMost(target.size.most),
    items: atMost(target.size.most),
  };
};

const joins: Costed = (target, args) => {
  if (target === null) return nominal;
  const { most } = target.size;
  const between = args.length === 0 ? 0 : sizeAt(args, 0).most * Math.max(0, most - 1);
  const size = bounded(most * itemOf(target).most + between);
  return { cost: through(size), size: atMost(size) };
};

/** One more character, or a pattern that is dear would cost nothing before an empty text. */
const matches: Costed = (target, args) => {
  if (target === null) return nominal;
  return { cost: through(target.size.most + 1) * Math.ceil(sizeAt(args, 0).most * patternFactor) };
};

const finds: Costed = (target, args) => {
  const { most } = target?.size ?? anySize;
  return { ...matches(target, args), size: atMost(most), items: atMost(most) };
};

const functions: Readonly<Record<string, Costed>> = {
  ...{ '_==_': equals, '_!=_': equals, '_<_': orders, '_<=_': orders, '_>_': orders, '_>=_': orders },
  ...{ '_+_': concatenates, '@in': isIn, matches, find: finds, findAll: finds },
  contains: (target, args) =>
    target === null ? nominal : { cost: through(target.size.most) * through(sizeAt(args, 0).most) },
  startsWith: (_, args) => ({ cost: through(sizeAt(args, 0).most) }),
  endsWith: (_, args) => ({ cost: through(sizeAt(args, 0).most) }),
  ...{ lowerAscii: overTarget(1), upperAscii: overTarget(1), substring: overTarget(1), trim: overTarget(1) },
  ...{ replace: replaces, split: splits, join: joins, format: overTarget(1) },
  ...{ isSorted: overList, sum: overList, max: overList, min: overList },
  ...{ indexOf: overList, lastIndexOf: overList },
  url: (_, args) => ({ cost: through(sizeAt(args, 0).most) }),
  string: (_, args) => {
    const [text] = args;
    if (text?.type.kind === 'bytes') return { cost: through(text.size.most), size: text.size };
    return text?.type.kind === 'string' ? { cost: 1, size: text.size } : nominal;
  },
  bytes: (_, args) =>
    args[0]?.type.kind === 'string'
      ? { cost: through(args[0].size.most), size: atMost(bounded(args[0].size.most * 4)) }
      : nominal,
  dyn: (_, args) => ({ cost: 1, size: sizeAt(args, 0) }),
  containsIP: (_, args) => ({
    cost: addressCost + (args[0]?.type.kind === 'string' ? through(args[0].size.most) : 0),
  }),
  containsCIDR: (_, args) => ({
    cost: addressCost + through(16) + 1 + (args[0]?.type.kind === 'string' ? through(args[0].size.most) : 0),
  }),
};
