/** Reads everything that a machine holds, over a channel that may lose a part of it. */
import type { KeyValue } from '../../runtime/admin/protocol.ts';
import type { Machine } from '../machine/machine.ts';
import type { Counter } from './expectation.ts';
import { allKeys } from './load.ts';
import { counterOf } from './values.ts';

const answerMilliseconds = 10_000;
const readAttempts = 5;

/**
 * Every key that holds something; null when the machine did not answer. QEMU drops what a console says while the host does
 * not read it, so answers are kept small, and a value that is not whole is read again.
 */
export async function readAll(machine: Machine): Promise<Map<string, Counter> | null> {
  const found = new Map<string, Counter>();
  for (const key of allKeys) {
    let counter: Counter | null = null;
    for (
      let attempt = 0;
      attempt < readAttempts && (counter === null || Number.isNaN(counter));
      attempt += 1
    ) {
      counter = await readOne(machine, key);
    }
    if (counter === null) return null;
    if (counter !== 0) found.set(key, counter);
  }
  return found;
}

/** 0 when there is nothing, NaN when it is not what was written, null when no answer came. */
async function readOne(machine: Machine, key: string): Promise<Counter | null> {
  try {
    const { items } = (await machine.request('kv.get', { key }, answerMilliseconds)) as { items: KeyValue[] };
    const [item] = items;
    return item === undefined ? 0 : (counterOf(key, item.value) ?? Number.NaN);
  } catch {
    return null;
  }
}
