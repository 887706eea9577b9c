/** Flow control, as the real server counts it. (k8s.io/apiserver/pkg/util/flowcontrol/metrics) */
import { type Measure, openCounter, openGauge } from './measures.ts';

export type Refusal = 'concurrency-limit' | 'queue-full' | 'time-out' | 'cancelled';

/** Whom it is about: the names of its schema and its level. */
export interface FlowNames {
  readonly schema: string;
  readonly level: string;
}

export interface FlowMeter {
  /** One more, or one less, that waits for its turn. */
  readonly waiting: (flow: FlowNames, by: 1 | -1) => void;
  /** One more, or one less, that runs, and its seats. */
  readonly running: (flow: FlowNames, by: 1 | -1, seats: number) => void;
  readonly refused: (flow: FlowNames, why: Refusal) => void;
}

const labels = ['flow_schema', 'priority_level'];

export function measureFlows(): { readonly meter: FlowMeter; readonly measures: readonly Measure[] } {
  const named = (what: string, help: string, more: readonly string[] = []) => ({
    ...{ name: `apiserver_flowcontrol_${what}`, help, labels: [...labels, ...more] },
  });
  const inQueue = openGauge(named('current_inqueue_requests', 'Requests that wait for their turn.'));
  const executing = openGauge(named('current_executing_requests', 'Requests that have their turn.'));
  const seats = openGauge(named('current_executing_seats', 'Seats of the requests that have their turn.'));
  const dispatched = openCounter(named('dispatched_requests_total', 'Requests that had their turn.'));
  const rejected = openCounter(named('rejected_requests_total', 'Requests that were refused.', ['reason']));
  return {
    measures: [inQueue, executing, seats, dispatched, rejected],
    meter: {
      waiting: ({ schema, level }, by) => inQueue.of(schema, level).add(by),
      running: ({ schema, level }, by, count) => {
        executing.of(schema, level).add(by);
        seats.of(schema, level).add(by * count);
        if (by > 0) dispatched.of(schema, level).add();
      },
      refused: ({ schema, level }, why) => rejected.of(schema, level, why).add(),
    },
  };
}
