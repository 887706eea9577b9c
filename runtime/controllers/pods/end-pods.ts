/** Looks from time to time for pods whose end nobody else sees to. */
import { stringAt } from '../../apiserver/objects/read-path.ts';
import { resources } from '../client/places.ts';
import { perform, type Write } from '../client/writes.ts';
import type { ControllerContext } from '../controller-context.ts';
import { timeOf } from '../machinery/clock.ts';
import { runController } from '../machinery/controller.ts';
import { type ObservedPods, planPodEnd } from './plan-pod-end.ts';

const everyMilliseconds = 20_000;
/** For so long a node may be missing. */
const quarantineMilliseconds = 40_000;

export function runPodEnds(context: ControllerContext): void {
  const { clock, informers } = context;
  const client = context.clientOf('pod-garbage-collector');
  const pods = informers.of(resources.pods);
  const nodes = informers.of(resources.nodes);
  /** Since when nodes that pods are on have been missing. */
  let missing: ReadonlyMap<string, number> = new Map();
  const observe = (): ObservedPods => {
    const named = new Set(pods.lister.all().map((pod) => stringAt(pod, 'spec', 'nodeName')));
    const nowMs = clock.now();
    const absent = [...named].filter((name) => name !== '' && nodes.lister.get('', name) === null);
    missing = new Map(absent.map((name) => [name, missing.get(name) ?? nowMs]));
    const gone = absent.filter((name) => nowMs - (missing.get(name) as number) >= quarantineMilliseconds);
    return {
      ...{ pods: pods.lister.all(), nodes: nodes.lister.all() },
      ...{ gone: new Set(gone), now: timeOf(clock.wallNow()) },
    };
  };
  runController(
    {
      ...{ name: 'pod ends', workers: 1, sources: [], reads: [pods, nodes], observe, plan: planPodEnd },
      act: (write: Write) => perform(client, write),
      regularly: { keys: () => ['all'], everyMilliseconds },
    },
    context,
  );
}
