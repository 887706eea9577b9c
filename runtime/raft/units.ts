/** Makes the branded numbers of the core from plain ones, where arithmetic has produced them. */
import type { LogIndex, Term } from './types.ts';

/** Terms and indexes above this are taken for garbage: it leaves room to count on, and stays an exact integer. */
export const HIGHEST_NUMBER = 2 ** 48;

export const NO_INDEX = 0 as LogIndex;
export const NO_TERM = 0 as Term;

export function toIndex(value: number): LogIndex {
  return value as LogIndex;
}

export function toTerm(value: number): Term {
  return value as Term;
}

export function lowerIndex(one: LogIndex, other: LogIndex): LogIndex {
  return toIndex(Math.min(one, other));
}
