/**
 * What each node does itself: it registers its Node, keeps the status true, and renews its lease, with the rights of that node.
 * (pkg/kubelet: kubelet_node_status.go; k8s.io/component-helpers/apimachinery/lease)
 */
import { groups, type UserInfo } from '../../apiserver/authentication/user.ts';
import type { ApiServer } from '../../apiserver/http/api-server.ts';
import type { Log } from '../../logging/log.ts';
import { type ApiClient, apiClient } from '../client/api-client.ts';
import { resources } from '../client/places.ts';
import { perform } from '../client/writes.ts';
import { type Clock, microTimeOf, pause, realClock, timeOf } from '../machinery/clock.ts';
import type { NodeObservation } from './node-object.ts';
import { leaseNamespace, nodeLease, planOwnNode } from './plan-own-node.ts';

export interface NodeAgentOptions {
  readonly server: Pick<ApiServer, 'handleAs'>;
  readonly log: Log;
  /** Asked every ten seconds. Null while the machine is no member. */
  readonly observe: () => NodeObservation | null | Promise<NodeObservation | null>;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

const everyMilliseconds = 10_000;
const firstRetryMilliseconds = 200;

export function startNodeAgentApi(options: NodeAgentOptions): { readonly stop: () => Promise<void> } {
  const stopping = new AbortController();
  const done = keepReporting(options, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

async function keepReporting(options: NodeAgentOptions, signal: AbortSignal): Promise<void> {
  const { clock = realClock, log } = options;
  let retryMilliseconds = firstRetryMilliseconds;
  while (!signal.aborted) {
    try {
      await report(options, clock);
      retryMilliseconds = firstRetryMilliseconds;
      await pause(clock, everyMilliseconds, signal);
    } catch (error) {
      log.debug({ error: String(error) }, 'this node could not tell the Kubernetes API of itself');
      await pause(clock, retryMilliseconds, signal);
      retryMilliseconds = Math.min(retryMilliseconds * 2, everyMilliseconds);
    }
  }
}

/** @throws ApiError */
async function report({ server, observe }: NodeAgentOptions, clock: Clock): Promise<void> {
  const observation = await observe();
  if (observation === null) return;
  const { name } = observation;
  const client = apiClient({ server, user: userOf(name), userAgent: 'kubelet/v1.32' });
  const place = { ...resources.nodes, namespace: '', name };
  const nowMs = clock.wallNow();
  const before = await client.find(place);
  for (const write of planOwnNode({ observation, node: before, nowMs, now: timeOf(nowMs) })) {
    await perform(client, write);
  }
  await renewLease(client, before ?? (await client.get(place)), microTimeOf(nowMs));
}

async function renewLease(
  client: ApiClient,
  node: Awaited<ReturnType<ApiClient['get']>>,
  now: string,
): Promise<void> {
  const name = node.metadata.name as string;
  const lease = await client.find({ ...resources.leases, namespace: leaseNamespace, name });
  const next = nodeLease(node, lease, now);
  await (lease === null ? client.create : client.update)(resources.leases, next);
}

function userOf(name: string): UserInfo {
  return { name: `system:node:${name}`, uid: '', groups: [groups.nodes, groups.authenticated], extra: {} };
}
