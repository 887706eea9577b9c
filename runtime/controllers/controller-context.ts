/** What every controller is given. */
import type { QueueMeter } from '../apiserver/metrics/queue-measures.ts';
import type { Log } from '../logging/log.ts';
import type { ApiClient } from './client/api-client.ts';
import type { Clock } from './machinery/clock.ts';
import type { Informers } from './machinery/informers.ts';

export interface ControllerContext {
  /** Requests of `system:serviceaccount:kube-system:NAME`, whose role says what that controller may do. */
  readonly clientOf: (name: string) => ApiClient;
  /** Requests of `system:kube-controller-manager`, which tends tokens. */
  readonly manager: ApiClient;
  /** Shared by all. */
  readonly informers: Informers;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** @param name of a controller */
  readonly meterOf?: ((name: string) => QueueMeter) | undefined;
  /** Aborts when this node no longer leads. */
  readonly signal: AbortSignal;
}
