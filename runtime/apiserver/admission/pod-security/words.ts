/** The words that all complaints are made of. Pure. */
import type { Container, PodSpec } from '../../schemas/generated/types/api-core-v1.ts';

export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

/** In the order in which they are named. */
export function containersOf(spec: PodSpec): readonly Container[] {
  const { initContainers = [], containers, ephemeralContainers = [] } = spec;
  return [...initContainers, ...containers, ...(ephemeralContainers as readonly Container[])];
}

/** `container "a"`, `containers "a", "b"`. */
export function nameAll(containers: readonly Container[]): string {
  return `${plural('container', containers.length)} ${quoteAll(containers.map(({ name }) => name ?? ''))}`;
}

/** `pod`, and the containers: who says what they must not. */
export function settersOf(isPod: boolean, containers: readonly Container[]): string {
  return [...(isPod ? ['pod'] : []), ...(containers.length === 0 ? [] : [nameAll(containers)])].join(' and ');
}

export function quoteAll(texts: readonly string[]): string {
  return texts.map((text) => JSON.stringify(text)).join(', ');
}

/** Each once, sorted. */
export function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}

export function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`;
}
