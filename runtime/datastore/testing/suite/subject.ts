/** What every part of the suite works with: a store, keys of its own in it, and short ways to say things. */
import type { KeyRange, KeyValue } from '../../state-machine/model.ts';
import { prefixEnd } from '../../state-machine/model.ts';
import { type Store, StoreError, type StoreErrorCode } from '../../store.ts';

export const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
export const text = (value: Uint8Array): string => new TextDecoder().decode(value);

export interface Subject {
  readonly store: Store;
  /** A key of this part of the suite. */
  key(name: string): Uint8Array;
  /** The name that `key` was given. */
  name(key: Uint8Array): string;
  /** Every key of this part of the suite. */
  readonly all: KeyRange & { readonly end: Uint8Array };
  /** Writes one key and resolves with the revision. */
  put(name: string, value: string, lease?: number): Promise<number>;
  remove(name: string): Promise<number>;
  get(name: string, revision?: number): Promise<KeyValue | undefined>;
}

export function makeSubject(store: Store, prefix: string): Subject {
  const key = (name: string): Uint8Array => bytes(`${prefix}/${name}`);
  return {
    store,
    key,
    name: (full) => text(full).slice(prefix.length + 1),
    all: { key: bytes(`${prefix}/`), end: prefixEnd(bytes(`${prefix}/`)) },
    async put(name, value, lease = 0) {
      const put = { operation: 'put', key: key(name), value: bytes(value), lease } as const;
      return (await store.transact({ success: [put] })).revision;
    },
    async remove(name) {
      return (await store.transact({ success: [{ operation: 'delete', key: key(name) }] })).revision;
    },
    async get(name, revision = 0) {
      return (await store.range({ key: key(name), revision })).items[0];
    },
  };
}

/** The error's code, or 'no error'. Anything but a `StoreError` is a fault of the store. */
export async function codeOf(call: Promise<unknown>): Promise<StoreErrorCode | 'no error'> {
  return (await errorOf(call))?.code ?? 'no error';
}

export async function errorOf(call: Promise<unknown>): Promise<StoreError | null> {
  try {
    await call;
    return null;
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
}

/** Resolves when `condition` holds; rejects after `milliseconds`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  milliseconds = 10_000,
): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${milliseconds} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
