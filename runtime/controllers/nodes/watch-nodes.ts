/** Watches over the nodes: who is silent, who has left the cluster, and what that means for pods. */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { keyOf, resources } from '../client/places.ts';
import { perform, type Write } from '../client/writes.ts';
import type { ControllerContext } from '../controller-context.ts';
import { timeOf } from '../machinery/clock.ts';
import { runController } from '../machinery/controller.ts';
import { type ObservedHealth, planNodeHealth } from './plan-node-health.ts';
import { leaseNamespace } from './plan-own-node.ts';

export interface Member {
  readonly id: string;
  /** Of its Node, too. */
  readonly name: string;
  readonly isOnline: boolean;
}

/** The cluster's members change without an event here. */
const everyMilliseconds = 2_000;

/** @param members null while the cluster does not know them */
export function runNodeHealth(context: ControllerContext, members: () => readonly Member[] | null): void {
  const { clock, informers } = context;
  const client = context.clientOf('node-controller');
  const nodes = informers.of(resources.nodes);
  const leases = informers.of(resources.leases);
  const silence = silences(clock.now);
  const memberOf = (name: string): ObservedHealth['member'] => {
    const all = members();
    if (all === null) return 'unknown';
    return all.find((member) => member.name === name) ?? 'none';
  };
  runController(
    {
      name: 'nodes',
      sources: [{ informer: nodes, keysOf: (object) => [keyOf(object)] }],
      reads: [leases],
      observe: (name): ObservedHealth => {
        const node = nodes.lister.byKey(name);
        const lease = leases.lister.get(leaseNamespace, name);
        const silentMs =
          node === null ? silence.forget(name) : silence.of(name, [signOf(node), signOf(lease)].join('/'));
        return { node, member: memberOf(name), silentMs, now: timeOf(clock.wallNow()) };
      },
      plan: planNodeHealth,
      act: (write: Write) => perform(client, write),
      regularly: { keys: () => nodes.lister.all().map(keyOf), everyMilliseconds },
    },
    context,
  );
}

/** What the node itself has written last: a taint or a label of others is no sign of life. */
function signOf(object: ApiObject | null): string {
  if (object === null) return '';
  if (object.kind === 'Lease')
    return String((object.spec as { renewTime?: string } | undefined)?.renewTime ?? '');
  const { conditions = [] } = (object.status ?? {}) as {
    conditions?: readonly { lastHeartbeatTime?: string }[];
  };
  return conditions.map(({ lastHeartbeatTime = '' }) => lastHeartbeatTime).join();
}

/** For how long a sign has been the same, by this node's own clock, so that nobody's time has to be right. */
function silences(nowMs: () => number) {
  const seen = new Map<string, { readonly sign: string; readonly atMs: number }>();
  return {
    of: (name: string, sign: string): number => {
      const known = seen.get(name);
      if (known?.sign !== sign) seen.set(name, { sign, atMs: nowMs() });
      return known?.sign === sign ? nowMs() - known.atMs : 0;
    },
    forget: (name: string): number => {
      seen.delete(name);
      return 0;
    },
  };
}
