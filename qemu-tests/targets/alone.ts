/** One machine by itself, from power-on until its agent answers and its slot is good. */
import type { SystemStatus } from '../../runtime/admin/protocol.ts';
import { askStatus } from '../lab/observe.ts';
import { waitUntil } from '../lab/wait.ts';
import { Machine, type MachineOptions } from '../machine/machine.ts';
import type { RecipeImage } from '../recipe-images.ts';

/** Translated, and beside other work. */
const healthyLimitSeconds = 900;
/** Small beside what is measured. */
const pauseMilliseconds = 200;
const memoryMebibytes = 512;

/** @returns the seconds from power-on. Rejects with what was waited for in vain, and the console. */
export async function startAlone(
  subject: RecipeImage,
  directory: string,
  options: Partial<MachineOptions> = {},
): Promise<number> {
  const machine = await Machine.create({
    ...{ name: subject.name, directory, image: subject.image, memoryMebibytes, direct: false },
    ...{ diskBytes: 2 * 1024 ** 3, networkSocket: null, macAddress: '52:54:00:00:00:01' },
    ...options,
  });
  try {
    const startedAt = performance.now();
    await machine.powerOn();
    await untilHealthy(machine, subject.version);
    return (performance.now() - startedAt) / 1000;
  } finally {
    await machine.close();
  }
}

/** The system's own word for it, and the cluster's part of the agent answers too. */
async function untilHealthy(machine: Machine, version: string): Promise<void> {
  let last = '';
  const report = (): string => `last status: ${last}\n${machine.report()}`;
  const what = `${machine.name} runs version ${version} in slot a, good, and its agent answers`;
  await waitUntil({ what, limitSeconds: healthyLimitSeconds, pauseMilliseconds, report }, async () => {
    const system = (await machine.request('update.status')) as SystemStatus;
    last = JSON.stringify(system);
    const isGood = system.slot === 'a' && system.state === 'good' && system.version === version;
    return isGood && (await askStatus(machine)) !== null ? true : null;
  });
}
