/** Goes on bringing values under the key in force, at one node at a time: as soon as that is another one, and now and then. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Store } from '../../../datastore/store.ts';
import { cipherInForce } from './encrypting-store.ts';
import { type Reencrypted, reencrypt } from './reencrypt.ts';
import type { EncryptionKey } from './value-cipher.ts';

export interface KeepEncryptedOptions {
  /** The one behind the encryption. */
  readonly store: Store;
  readonly prefixes: readonly string[];
  readonly keys: () => readonly EncryptionKey[];
  /** Whether it is this node's turn. */
  readonly isOurTurn: () => boolean;
  /** Something was written anew, or cannot be read. */
  readonly onDone: (done: Reencrypted, key: string) => void;
}

const lookMilliseconds = 5_000;
/** Another node may have written with the key before: it hears of a new one within seconds. */
const againMilliseconds = 30_000;
const calmMilliseconds = 3_600_000;

/** @returns what ends it; resolves when it has. */
export function keepEncrypted(options: KeepEncryptedOptions): () => Promise<void> {
  const { store, prefixes, isOurTurn, onDone } = options;
  const closed = new AbortController();
  const cipher = cipherInForce(options.keys);
  let last: { readonly key: string; readonly dueMs: number } | null = null;
  const look = async (): Promise<void> => {
    const now = cipher();
    const isNew = last?.key !== now.current;
    if (!isOurTurn() || (!isNew && performance.now() < (last?.dueMs ?? 0))) return;
    const done = await reencrypt(store, prefixes, now, closed.signal);
    if (done.written + done.unreadable > 0) onDone(done, now.current);
    const isCalm = !isNew && done.written + done.missed === 0;
    last = {
      key: now.current,
      dueMs: performance.now() + (isCalm ? calmMilliseconds : againMilliseconds),
    };
  };
  const ended = repeat(look, closed.signal);
  return async () => {
    closed.abort();
    await ended;
  };
}

async function repeat(look: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // A store that does not answer is asked again.
    await look().catch(() => {});
    // It is cut short when this ends.
    await pause(lookMilliseconds, undefined, { signal }).catch(() => {});
  }
}
