/** The client's process: takes one job after the other over its channel to the benchmark, and answers each. */
import { fault, watchFanOut } from './load-faults.ts';
import { fill, type Job, type Measured, puts, runLoad } from './load-jobs.ts';

function run(job: Job): Promise<Measured> {
  switch (job.kind) {
    case 'fill':
      return fill(job);
    case 'load':
      return runLoad(job);
    case 'puts':
      return puts(job);
    case 'watch':
      return watchFanOut(job);
    case 'fault':
      return fault(job);
  }
}

process.on('message', (job: Job) => {
  run(job).then(
    (measured) => process.send?.({ measured }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
