/** Values that tell which write they are from, and whether they are whole. */
import { createHash } from 'node:crypto';
import type { Counter } from './expectation.ts';

const longestTextCharacters = 3000;

export function textOf(key: string, counter: Counter): string {
  const digest = createHash('sha256').update(`${key} ${counter}`).digest();
  const length = digest.readUInt16LE(0) % longestTextCharacters;
  return `${counter}:${digest
    .toString('hex')
    .repeat(Math.ceil(length / 64))
    .slice(0, length)}`;
}

/** The counter of a value; null when it is not what was written. */
export function counterOf(key: string, value: string): Counter | null {
  const counter = Number(value.slice(0, value.indexOf(':')));
  return Number.isInteger(counter) && value === textOf(key, counter) ? counter : null;
}
