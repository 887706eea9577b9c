import t from 'tap';
import { defaultBindings, defaultRoles } from '../authorization/default-roles/default-roles.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { ApiError } from '../status.ts';
import { type DefaultsStore, installDefaults } from './install-defaults.ts';

function makeStore(): { objects: Map<string, ApiObject>; store: DefaultsStore } {
  const objects = new Map<string, ApiObject>();
  const placeOf = ({ kind, metadata }: ApiObject): string =>
    `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
  const store: DefaultsStore = {
    get: async (kind, namespace, name) => objects.get(`${kind}/${namespace}/${name}`) ?? null,
    create: async (object) => {
      if (objects.has(placeOf(object))) throw new ApiError('AlreadyExists', 'there');
      const metadata = { ...object.metadata, uid: `uid-of-${object.metadata.name}` };
      objects.set(placeOf(object), { ...object, metadata });
    },
    update: async (object) => {
      objects.set(placeOf(object), object);
    },
    remove: async (kind, namespace, name, uid) => {
      const place = `${kind}/${namespace}/${name}`;
      if (objects.get(place)?.metadata.uid !== uid) throw new ApiError('Conflict', 'another');
      objects.delete(place);
    },
  };
  return { objects, store };
}

const total = defaultRoles.length + defaultBindings.length;

t.test('installDefaults brings all, and finds nothing to do a second time', async (t) => {
  const { objects, store } = makeStore();
  t.equal(await installDefaults(store), total);
  t.equal(objects.size, total);
  t.equal(await installDefaults(store), 0);
});

t.test('installDefaults repairs a role, and makes a binding anew that is for another', async (t) => {
  const { objects, store } = makeStore();
  await installDefaults(store);
  const role = objects.get('ClusterRole//system:kube-dns') as ApiObject;
  objects.set('ClusterRole//system:kube-dns', { ...role, rules: [] });
  const binding = objects.get('ClusterRoleBinding//system:kube-dns') as ApiObject;
  objects.set('ClusterRoleBinding//system:kube-dns', {
    ...binding,
    roleRef: { kind: 'ClusterRole', name: 'view' },
  });
  t.equal(await installDefaults(store), 2);
  t.match(objects.get('ClusterRoleBinding//system:kube-dns'), { roleRef: { name: 'system:kube-dns' } });
  t.equal(await installDefaults(store), 0);
});

t.test('installDefaults lives with another server that is quicker, and gives up on faults', async (t) => {
  const { objects, store } = makeStore();
  let isFirst = true;
  const racing: DefaultsStore = {
    ...store,
    create: async (object) => {
      if (isFirst) {
        isFirst = false;
        await store.create(object);
      }
      await store.create(object);
    },
  };
  t.equal(await installDefaults(racing), total - 1);
  t.equal(objects.size, total);
  const create = async (): Promise<void> => {
    throw new ApiError('Conflict', 'always');
  };
  await t.rejects(installDefaults({ ...makeStore().store, create }), { name: 'ApiError', message: 'always' });
});
