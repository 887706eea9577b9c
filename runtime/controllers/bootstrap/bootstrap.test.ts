import t from 'tap';
import { createLog } from '../../logging/log.ts';
import { resources } from '../client/places.ts';
import { realClock } from '../machinery/clock.ts';
import { openCluster, testService } from '../testing/open-cluster.ts';
import { bringDefaults } from './bootstrap.ts';

t.test('bringDefaults finds nothing to do a second time, and several may do it at a time', async (t) => {
  const { client } = await openCluster(t);
  const { signal } = new AbortController();
  const kubernetesService = () => testService;
  const extensionAuthentication = () => null;
  const options = {
    extensionAuthentication,
    client,
    clock: realClock,
    log: createLog(() => {}),
    kubernetesService,
  };
  await Promise.all([bringDefaults(options, signal), bringDefaults(options, signal)]);
  const versions = async (): Promise<readonly unknown[]> => {
    const lists = await Promise.all(
      Object.values(resources).map((resource) => client.list({ ...resource, namespace: '' })),
    );
    const all = lists.flatMap(({ items }) => items);
    return all.map(({ kind, metadata: { name, resourceVersion } }) => `${kind} ${name} ${resourceVersion}`);
  };
  const before = await versions();
  t.ok(before.length > 100);
  await bringDefaults(options, signal);
  t.same(await versions(), before);
});
