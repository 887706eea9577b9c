/** The work queues of the controllers, as the real ones count them. (k8s.io/component-base/metrics/prometheus/workqueue) */
import { type Measure, openCounter, openGauge, openHistogram } from './measures.ts';

/** What happens in one queue. */
export interface QueueMeter {
  /** How many keys wait, after one came or went. */
  readonly depth: (waiting: number) => void;
  readonly added: () => void;
  /** Work on a key begins, after so long in the queue. */
  readonly began: (waitedSeconds: number) => void;
  readonly ended: (seconds: number) => void;
  /** What failed will be tried again. */
  readonly failed: () => void;
}

const bounds = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 1000];
const labels = ['name'];

export function measureQueues(): {
  /** @param name of its controller */
  readonly meterOf: (name: string) => QueueMeter;
  readonly measures: readonly Measure[];
} {
  const depth = openGauge({ name: 'workqueue_depth', help: 'Keys that wait for a worker.', labels });
  const adds = openCounter({ name: 'workqueue_adds_total', help: 'Keys added.', labels });
  const retries = openCounter({ name: 'workqueue_retries_total', help: 'Keys to be tried again.', labels });
  const waits = openHistogram(
    { name: 'workqueue_queue_duration_seconds', help: 'Seconds that a key waits for a worker.', labels },
    bounds,
  );
  const works = openHistogram(
    { name: 'workqueue_work_duration_seconds', help: 'Seconds of work on a key.', labels },
    bounds,
  );
  return {
    measures: [depth, adds, retries, waits, works],
    meterOf: (name) => ({
      depth: depth.of(name).observe,
      added: adds.of(name).add,
      began: waits.of(name).observe,
      ended: works.of(name).observe,
      failed: retries.of(name).add,
    }),
  };
}
