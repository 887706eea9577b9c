/** Keeps the status of quotas true. What is counted is followed only while some quota limits it. */
import type { GroupResource } from '../../apiserver/status.ts';
import { resourcesOfQuota } from '../../resources/quota/usage.ts';
import { discoverResources } from '../client/discover.ts';
import { keyOf, resources, splitKey } from '../client/places.ts';
import { perform, type Write } from '../client/writes.ts';
import type { ControllerContext } from '../controller-context.ts';
import { runController } from '../machinery/controller.ts';
import type { Informer } from '../machinery/informer.ts';
import type { WorkQueue } from '../machinery/work-queue.ts';
import { limitsOf, type ObservedQuota, planQuota } from './plan-quota.ts';

/** Many objects of a namespace change at a time. */
const gatherMilliseconds = 200;
/** Pods stop to count when their time is over, which is no event. */
const everyMilliseconds = 60_000;

export function runQuotas(context: ControllerContext): void {
  const { clock, informers } = context;
  const client = context.clientOf('resourcequota-controller');
  const quotas = informers.of(resources.resourceQuotas);
  const followed = new Map<string, Promise<Informer | null>>();
  const changed = (namespace: string): void => {
    for (const quota of quotas.lister.inNamespace(namespace))
      queue.addAfter(keyOf(quota), gatherMilliseconds);
  };
  const follow = (of: GroupResource): Promise<Informer | null> => {
    const key = `${of.group}/${of.resource}`;
    const known = followed.get(key) ?? open(of);
    followed.set(key, known);
    // A resource that is not there may come.
    known.then((informer) => informer ?? followed.delete(key)).catch(() => followed.delete(key));
    return known;
  };
  const open = async (of: GroupResource): Promise<Informer | null> => {
    const { resources: all } = await discoverResources(client);
    const found = all.find(
      (one) => one.group === of.group && one.resource === of.resource && one.isPreferred,
    );
    if (found === undefined || !found.namespaced || !found.verbs.includes('watch')) return null;
    const informer = informers.of(found, { metadataOnly: !isRead(of) });
    await informer.synced;
    informer.listen(({ old, next }) => changed((next ?? old)?.metadata.namespace ?? ''));
    return informer;
  };
  const queue: WorkQueue = runController(
    {
      name: 'quotas',
      sources: [{ informer: quotas, keysOf: (object) => [keyOf(object)] }],
      observe: async (key): Promise<ObservedQuota> => {
        const quota = quotas.lister.byKey(key);
        const { namespace } = splitKey(key);
        const wanted = quota === null ? [] : resourcesOfQuota(Object.keys(limitsOf(quota)));
        const counted = await Promise.all(
          wanted.map(async (of) => ({
            of,
            objects: (await follow(of))?.lister.inNamespace(namespace) ?? [],
          })),
        );
        return { quota: quotas.lister.byKey(key), counted, nowMs: clock.wallNow() };
      },
      plan: planQuota,
      act: (write: Write) => perform(client, write),
      regularly: { keys: () => quotas.lister.all().map(keyOf), everyMilliseconds },
    },
    context,
  );
}

/** Of the others it is enough that they are there. */
function isRead({ group, resource }: GroupResource): boolean {
  return group === '' && ['pods', 'services', 'persistentvolumeclaims'].includes(resource);
}
