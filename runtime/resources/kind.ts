/** A strategy written for a kind's own type, so that a field's name is checked where it is used. Pure. */
import type { Strategy } from '../apiserver/handlers/served-kind.ts';
import type { FieldError } from '../apiserver/status.ts';

type Flags = Pick<
  Strategy,
  | 'name'
  | 'countsGenerations'
  | 'hasStatus'
  | 'needsVersion'
  | 'createsOnUpdate'
  | 'orphansDependents'
  | 'resets'
  | 'takesPlainFinalizers'
>;

/** As `Strategy`, of one type. */
interface KindStrategy<T> extends Flags {
  readonly fillIn?: (object: T) => T;
  readonly prepareCreate?: (object: T) => T;
  readonly prepareUpdate?: (next: T, old: T) => T;
  readonly prepareStatusUpdate?: (next: T, old: T) => T;
  readonly check?: (object: T) => readonly FieldError[];
  readonly checkCreate?: (object: T) => readonly FieldError[];
  readonly checkUpdate?: (next: T, old: T) => readonly FieldError[];
  readonly checkStatusUpdate?: (next: T, old: T) => readonly FieldError[];
  readonly warn?: (object: T, old: T | null) => readonly string[];
}

/** Objects come as Go writes them, so that they are of their kind's type. */
export function kindStrategy<T>(strategy: KindStrategy<T>): Strategy {
  return strategy as unknown as Strategy;
}
