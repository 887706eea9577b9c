import t from 'tap';
import { dnsSubdomain, pathSegment } from '../objects/name-rules.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { listAt, stringAt } from '../objects/read-path.ts';
import { allowMasters, anyOf } from './authorizer.ts';
import { defaultBindings, defaultRoles } from './default-roles/default-roles.ts';
import { nodeAuthorizer } from './node-authorizer.ts';
import { rbacAuthorizer } from './rbac.ts';
import { reconcileDefault } from './reconcile-defaults.ts';
import { asks, asksPath, indexOf, makeUser } from './testing/objects.ts';

function placeOf({ kind, metadata }: ApiObject): string {
  return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
}

t.test('defaultRoles are those of 1.32, each with its binding', async (t) => {
  const places = [...defaultRoles, ...defaultBindings].map(placeOf);
  t.equal(new Set(places).size, places.length, 'no two of a name');
  t.equal(defaultRoles.filter(({ kind }) => kind === 'ClusterRole').length, 64);
  t.equal(defaultRoles.filter(({ kind }) => kind === 'Role').length, 7);
  t.equal(defaultBindings.length, 52);
  for (const binding of defaultBindings) {
    const namespace = binding.metadata.namespace ?? '';
    const role = `${stringAt(binding, 'roleRef', 'kind')} ${namespace}/${stringAt(binding, 'roleRef', 'name')}`;
    t.ok(places.includes(role), role);
  }
  for (const { metadata } of defaultRoles) t.same(pathSegment(metadata.name ?? ''), []);
  for (const rule of defaultRoles.flatMap((role) => listAt(role, 'rules'))) {
    for (const resource of listAt(rule, 'resources') as readonly string[]) {
      t.match(resource, /^(\*|[a-z]+)(\/[a-z]+)?$/);
    }
    for (const group of listAt(rule, 'apiGroups') as readonly string[]) {
      t.ok(group === '' || group === '*' || dnsSubdomain(group).length === 0, group);
    }
  }
});

t.test('defaultRoles let everybody do what a new cluster needs', async (t) => {
  const index = indexOf(...defaultRoles, ...defaultBindings);
  const none = nodeAuthorizer(() => false, []);
  const decide = anyOf([allowMasters, none, rbacAuthorizer(index)]);
  const anybody = makeUser('system:anonymous', ['system:unauthenticated']);
  const jane = makeUser('jane', ['system:authenticated']);
  const root = makeUser('root', ['system:masters', 'system:authenticated']);
  const scheduler = makeUser('system:kube-scheduler', ['system:authenticated']);
  const jobs = makeUser('system:serviceaccount:kube-system:job-controller', ['system:authenticated']);
  for (const [isAllowed, asked] of [
    [true, asksPath(anybody, 'get', '/version')],
    [false, asksPath(anybody, 'get', '/apis/apps')],
    [true, asksPath(jane, 'get', '/apis/apps')],
    [false, asksPath(jane, 'get', '/metrics')],
    [true, asks(jane, 'create authorization.k8s.io/selfsubjectaccessreviews -')],
    [true, asks(jane, 'create authentication.k8s.io/selfsubjectreviews -')],
    [false, asks(jane, 'list -/pods d')],
    [true, asks(root, 'delete acme.com/anything d a')],
    [true, asksPath(root, 'get', '/metrics')],
    [true, asks(scheduler, 'create -/pods/binding d a')],
    [true, asks(scheduler, 'update coordination.k8s.io/leases kube-system kube-scheduler')],
    [false, asks(scheduler, 'update coordination.k8s.io/leases kube-system other')],
    [true, asks(scheduler, 'get -/configmaps kube-system extension-apiserver-authentication')],
    [true, asks(jobs, 'create -/pods d')],
    [false, asks(jobs, 'create -/secrets d')],
    [false, asks(makeUser('system:node:n1', ['system:nodes']), 'get -/secrets d a')],
  ] as const) {
    t.equal(decide(asked).isAllowed, isAllowed, `${asked.user.name} ${asked.verb}`);
  }
});

const role = defaultRoles.find(({ metadata }) => metadata.name === 'system:kube-dns') as ApiObject;
const view = defaultRoles.find(({ metadata }) => metadata.name === 'view') as ApiObject;
const binding = defaultBindings.find(({ metadata }) => metadata.name === 'system:kube-dns') as ApiObject;
const added = { verbs: ['get'], apiGroups: [''], resources: ['configmaps'] };

t.test('reconcileDefault makes what is missing, and leaves what is right', async (t) => {
  for (const wanted of [...defaultRoles, ...defaultBindings]) {
    t.same(reconcileDefault(null, wanted), { kind: 'create', object: wanted });
    const stored = JSON.parse(JSON.stringify(wanted)) as ApiObject;
    t.same(reconcileDefault(stored, wanted), { kind: 'none' }, placeOf(wanted));
  }
});

t.test('reconcileDefault adds rules and keeps those that people have added', async (t) => {
  const endpoints = { verbs: ['list', 'watch'], apiGroups: [''], resources: ['endpoints'] };
  const services = ['list', 'watch'].map((verb) => ({
    apiGroups: [''],
    resources: ['services'],
    verbs: [verb],
  }));
  t.same(reconcileDefault({ ...role, rules: [endpoints, added] }, role), {
    kind: 'update',
    object: { ...role, rules: [endpoints, added, ...services] },
  });
  const more = { ...role, rules: [...listAt(role, 'rules'), added] };
  t.same(reconcileDefault(more, role), { kind: 'none' });
  const labels = { ...role.metadata.labels, own: 'x', 'kubernetes.io/bootstrapping': 'mine' };
  const bare = {
    ...role,
    metadata: {
      name: 'system:kube-dns',
      uid: 'u',
      labels: { own: 'x', 'kubernetes.io/bootstrapping': 'mine' },
    },
  };
  t.match(reconcileDefault(bare, role), {
    kind: 'update',
    object: {
      metadata: { uid: 'u', labels, annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' } },
    },
  });
});

t.test('reconcileDefault leaves alone what is marked so', async (t) => {
  const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' };
  for (const wanted of [role, binding]) {
    const kept = {
      ...wanted,
      metadata: { ...wanted.metadata, annotations },
      rules: [],
      subjects: [],
      roleRef: {},
    };
    t.same(reconcileDefault(kept, wanted), { kind: 'none' });
  }
});

t.test('reconcileDefault follows what a role gathers', async (t) => {
  const own = { matchLabels: { own: 'true' } };
  const expected = listAt(view, 'aggregationRule', 'clusterRoleSelectors');
  const gathered = { ...view, aggregationRule: { clusterRoleSelectors: [own] }, rules: [added] };
  t.same(reconcileDefault(gathered, view), {
    kind: 'update',
    object: { ...gathered, aggregationRule: { clusterRoleSelectors: [own, ...expected] } },
  });
  t.same(reconcileDefault({ ...view, rules: [added] }, view), { kind: 'none' }, 'what it has gathered stays');
  const wrong = { ...role, aggregationRule: { clusterRoleSelectors: [own] } };
  t.same(reconcileDefault(wrong, role), { kind: 'update', object: role });
});

t.test('reconcileDefault completes a binding, or makes it anew for another role', async (t) => {
  const joe = { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'joe' };
  t.same(reconcileDefault({ ...binding, subjects: [joe] }, binding), {
    kind: 'update',
    object: { ...binding, subjects: [joe, ...listAt(binding, 'subjects')] },
  });
  const other = {
    ...binding,
    metadata: { ...binding.metadata, uid: 'u' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
  };
  t.same(reconcileDefault(other, binding), { kind: 'recreate', object: binding, uid: 'u' });
});
