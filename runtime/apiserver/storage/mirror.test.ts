import t from 'tap';
import { openSoloStore } from '../../datastore/testing/solo-store.ts';
import { until } from '../http/testing/open-server.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { mirrorObjects } from './mirror.ts';
import { ObjectStore } from './object-store.ts';

const prefix = '/registry/configmaps/';

function configMap(name: string, value: string): ApiObject {
  return { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, namespace: 'd' }, data: { value } };
}

t.test('a mirror is told of all that there is and happens, also of what it has missed', async (t) => {
  const { store } = await openSoloStore(t, t.testdir());
  const objects = new ObjectStore({ store, prefix });
  await objects.create('d/a', configMap('a', '1'));
  await objects.create('d/b', configMap('b', '1'));
  const told: string[] = [];
  const tell = (verb: string) => (object: ApiObject) =>
    void told.push(`${verb} ${object.metadata.name} ${(object.data as { value: string }).value}`);
  let breakOff: (error: Error) => void = () => {};
  const watch = store.watch.bind(store);
  store.watch = async (request, handlers, signal) => {
    const broken = Promise.withResolvers<never>();
    breakOff = broken.reject;
    await Promise.race([watch(request, handlers, signal), broken.promise]);
  };
  const mirror = mirrorObjects(store, prefix, { onPut: tell('put'), onRemove: tell('remove') });
  t.teardown(mirror.close);
  await mirror.ready;
  t.same(told, ['put a 1', 'put b 1']);
  await objects.change('d/a', () => ({ kind: 'store', object: configMap('a', '2') }));
  await objects.change('d/b', () => ({ kind: 'delete' }));
  await until('both are told', () => told.length >= 4);
  t.same(told.slice(2), ['put a 2', 'remove b 1']);
  breakOff(new Error('the connection is lost'));
  await objects.change('d/a', () => ({ kind: 'delete' }));
  await objects.create('d/c', configMap('c', '1'));
  await until('it has caught up', () => told.length >= 6);
  t.same(told.slice(4).toSorted(), ['put c 1', 'remove a 2']);
});
