import type { UserInfo } from '../authentication/user.ts';
import type { Admission } from './admission.ts';

/** What a write needs of the world: time and chance, so that a test can give its own. */
export interface Surroundings {
  /** RFC 3339 in UTC, whole seconds, as `metav1.Time`. */
  readonly now: () => string;
  readonly makeUid: () => string;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Five characters behind a `generateName`. */
  readonly makeSuffix: () => string;
}

/** Without vowels and what is mistaken for one another, as the real server has it: no words come about. */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

export const realSurroundings: Surroundings = {
  now: () => `${new Date().toISOString().slice(0, 19)}Z`,
  makeUid: () => crypto.randomUUID(),
  random: Math.random,
  makeSuffix: () => {
    const numbers = crypto.getRandomValues(new Uint32Array(5));
    return [...numbers].map((number) => suffixAlphabet.charAt(number % suffixAlphabet.length)).join('');
  },
};

/** What every write says, or who asks for it brings along. */
export interface RequestOptions {
  /** Everything is done but the storing. */
  readonly dryRun: boolean;
  readonly user: UserInfo;
  readonly admission: Admission;
  /** Takes sentences for `Warning` headers; the same one may come again. */
  readonly warn: (sentence: string) => void;
}

export interface WriteOptions extends RequestOptions {
  /** Who writes, for the managed fields. */
  readonly fieldManager: string;
  /** Of `CreateOptions` and the like what the client has said, besides the dry run. Default: nothing. */
  readonly sent?: Readonly<Record<string, string>>;
  /** Server-side apply has settled who owns what, and the object says it. Default false: it is found out from the change. */
  readonly isAccounted?: boolean;
}
