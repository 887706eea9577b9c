/** A child process that runs seeds one after the other, as it is told over its channel. */
import { runSeed } from './run-seed.ts';

export interface SeedOrder {
  readonly seed: number;
  readonly steps: number;
}

process.on('message', ({ seed, steps }: SeedOrder) => {
  void runSeed(seed, steps).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit());
