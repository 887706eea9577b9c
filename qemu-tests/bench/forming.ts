/** Three blank machines to high availability, by firmware, and what an idle member needs then. */
import { Lab } from '../lab/lab.ts';
import { askInfo, waitForHa } from '../lab/observe.ts';
import type { BootImage } from '../machine/image.ts';
import { type Forming, median } from './results.ts';

const formingLimitSeconds = 600;

export async function measureForming(image: BootImage): Promise<Forming> {
  const lab = Lab.open({ image });
  try {
    const startedAt = performance.now();
    const machines = await lab.startMachines(3);
    await waitForHa(machines, { limitSeconds: formingLimitSeconds });
    const seconds = (performance.now() - startedAt) / 1000;
    const infos = await Promise.all(machines.map(askInfo));
    return {
      seconds,
      usedMemoryBytes: median(infos.map(({ memory }) => memory.totalBytes - memory.availableBytes)),
      agentResidentBytes: median(infos.map(({ memory }) => memory.agentResidentBytes)),
    };
  } finally {
    await lab.close();
  }
}
