/** Machines under writes whose plugs are pulled. */
import { putKey } from '../../lab/observe.ts';
import type { Machine } from '../../machine/machine.ts';

/**
 * Writes on all machines at once and pulls all plugs in the middle of it. @returns what was acknowledged; of a write that
 * was under way nobody knows.
 */
export async function writeUntilPowerCut(
  machines: readonly Machine[],
  writesBeforeCut: number,
): Promise<readonly string[]> {
  const acknowledged: string[] = [];
  let cut: Promise<unknown> | null = null;
  const write = async (machine: Machine): Promise<void> => {
    for (let number = 1; cut === null; number += 1) {
      const key = `power/${machine.name}/${number}`;
      const revision = await putKey(machine, key, `value of ${key}`).catch(() => null);
      if (revision === null) return;
      acknowledged.push(key);
      if (acknowledged.length === writesBeforeCut) {
        cut = Promise.all(machines.map((one) => one.cutPower()));
      }
    }
  };
  await Promise.all(machines.map(write));
  await cut;
  return acknowledged;
}
