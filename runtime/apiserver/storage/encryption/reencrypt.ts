/**
 * Brings what lies in the datastore under the key that encrypts now: values from before there was encryption, and those under an
 * older key. Each is written only if nobody has written it meanwhile, so that it does no harm where two nodes do it at once.
 */
import { after, type KeyValue, prefixEnd } from '../../../datastore/state-machine/model.ts';
import type { Store } from '../../../datastore/store.ts';
import { SealedValueError, type ValueCipher } from './value-cipher.ts';

export interface Reencrypted {
  /** Values that were written anew. */
  readonly written: number;
  /** Values that somebody else wrote meanwhile: to be looked at again. */
  readonly missed: number;
  /** Values that no key on this node opens, which stay as they are. */
  readonly unreadable: number;
}

const itemsAtATime = 100;

/**
 * @param store the one behind the encryption
 * @param prefixes each with a slash at its end
 * Rejects with `StoreError`. Ends early when `signal` aborts.
 */
export async function reencrypt(
  store: Store,
  prefixes: readonly string[],
  cipher: ValueCipher,
  signal: AbortSignal,
): Promise<Reencrypted> {
  const done = { written: 0, missed: 0, unreadable: 0 };
  for (const prefix of prefixes) {
    let key: Uint8Array = Buffer.from(prefix);
    const end = prefixEnd(key);
    for (let more = true; more && !signal.aborted; ) {
      const page = await store.range({ key, end, limit: itemsAtATime });
      for (const item of page.items) {
        if (!signal.aborted && !cipher.isCurrent(item.value)) done[await renew(store, item, cipher)] += 1;
      }
      const last = page.items.at(-1);
      more = page.more && last !== undefined;
      if (last !== undefined) key = after(last.key);
    }
  }
  return done;
}

async function renew(store: Store, item: KeyValue, cipher: ValueCipher): Promise<keyof Reencrypted> {
  const { key, lease, modifyRevision } = item;
  try {
    const value = cipher.seal(key, cipher.open(key, item.value));
    const { succeeded } = await store.transact({
      compare: [{ key, target: 'modifyRevision', is: modifyRevision }],
      success: [{ operation: 'put', key, value, lease }],
    });
    return succeeded ? 'written' : 'missed';
  } catch (error) {
    if (error instanceof SealedValueError) return 'unreadable';
    throw error;
  }
}
