/** How large values can be, as far as it is known before there are any. (cel-go, checker/cost.go) Pure. */
import type { Type } from './types.ts';

/** Of a declared place: characters, bytes, items or entries; 0 for what has no size. */
export interface Extent {
  readonly most: number;
  /** Of a list's items, or a map's values. */
  readonly element?: Extent;
  /** Of a map's keys. */
  readonly key?: Extent;
  readonly fields?: ReadonlyMap<string, Extent>;
}

export interface Size {
  readonly least: number;
  readonly most: number;
}

/** Of a part of an expression. */
export interface Estimate {
  readonly cost: number;
  readonly type: Type;
  readonly size: Size;
  /** Null where its value does not come from a variable. */
  readonly extent: Extent | null;
  /** Of what a list or map holds that the expression itself makes. */
  readonly items: Size | null;
}

/** cel-go counts to there and no further. */
const largest = 2 ** 64;

export const anySize: Size = { least: 0, most: largest };

export function exactly(size: number): Size {
  return { least: size, most: size };
}

export function atMost(size: number): Size {
  return { least: 0, most: size };
}

/** Null of nothing. */
export function unionOf(sizes: readonly Size[]): Size | null {
  if (sizes.length === 0) return null;
  return {
    least: Math.min(...sizes.map(({ least }) => least)),
    most: Math.max(...sizes.map(({ most }) => most)),
  };
}

export function bounded(value: number): number {
  return Math.min(value, largest);
}
