/** Three blank machines of one image, from power-on until all say that they are highly available. */
import { Lab } from '../lab/lab.ts';
import { waitForHa } from '../lab/observe.ts';
import type { RecipeImage } from '../recipe-images.ts';

/** Three translated machines share the cores of this one. */
const formingLimitSeconds = 1200;
const machineCount = 3;

/** @returns the seconds from power-on. */
export async function formCluster(subject: RecipeImage): Promise<number> {
  const lab = Lab.open({ image: subject.image });
  try {
    const startedAt = performance.now();
    const machines = await lab.startMachines(machineCount);
    await waitForHa(machines, { limitSeconds: formingLimitSeconds });
    return (performance.now() - startedAt) / 1000;
  } finally {
    await lab.close();
  }
}
