/** Time and chance as the datastore is given them, so that a simulation can hold both in its hand. */
import { randomBytes } from 'node:crypto';

/** Stops what it was given for; harmless when that has happened already. */
export type Cancel = () => void;

export interface Clock {
  /** Monotonic milliseconds; only differences mean anything. */
  now(): number;
  after(milliseconds: number, callback: () => void): Cancel;
  every(milliseconds: number, callback: () => void): Cancel;
}

export interface Surroundings {
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
}

export const realClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  every(milliseconds, callback) {
    const timer = setInterval(callback, milliseconds);
    return () => clearInterval(timer);
  },
};

export const realSurroundings: Surroundings = {
  clock: realClock,
  // From the system's generator: identifiers that must not meet again are drawn from it too.
  random: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
};

/** Resolves after so many milliseconds of this clock. */
export function pause(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => clock.after(milliseconds, resolve));
}
