import t from 'tap';
import type { ApiObject } from '../apiserver/objects/object-bytes.ts';
import { scaleOf, withScale } from './scale.ts';
import { patched } from './testing/say.ts';

const metadata = {
  name: 'a',
  namespace: 'd',
  uid: 'u',
  resourceVersion: '7',
  creationTimestamp: '2026-01-01T00:00:00Z',
  labels: { l: 'm' },
};
const { labels: _, ...known } = metadata;
const matchExpressions = [
  { key: 'tier', operator: 'In', values: ['b', 'a'] },
  { key: 'canary', operator: 'DoesNotExist' },
  { key: 'zone', operator: 'NotIn', values: ['x'] },
];
const deployment: ApiObject = {
  ...{ kind: 'Deployment', apiVersion: 'apps/v1', metadata, status: { replicas: 1 } },
  spec: { replicas: 3, selector: { matchLabels: { app: 'a' }, matchExpressions }, paused: true },
};

t.test('scaleOf shows what a deployment is to have', async (t) => {
  t.same(scaleOf(deployment), {
    ...{ kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: known, spec: { replicas: 3 } },
    status: { replicas: 1, selector: 'app=a,!canary,tier in (a,b),zone notin (x)' },
  });
  t.same(scaleOf(patched(deployment, { spec: { replicas: 0 } })).spec, {}, 'as Go writes nought');
});

t.test('scaleOf reads the plain selector of a replication controller', async (t) => {
  const spec = { replicas: 1, selector: { b: 'c', a: 'b' } };
  const controller: ApiObject = { kind: 'ReplicationController', apiVersion: 'v1', metadata, spec };
  t.match(scaleOf(controller).status, { replicas: 0, selector: 'a=b,b=c' });
});

t.test('withScale changes replicas and names the version', async (t) => {
  const next = withScale(deployment, patched(scaleOf(deployment), { spec: { replicas: 5 } }));
  t.same(next, patched(deployment, { spec: { replicas: 5 } }));
  const any = withScale(deployment, patched(scaleOf(deployment), { metadata: { resourceVersion: null } }));
  t.equal(any.metadata.resourceVersion, undefined);
});

t.test('withScale refuses what is wrong', async (t) => {
  t.throws(() => withScale(deployment, patched(scaleOf(deployment), { spec: { replicas: -1 } })), {
    code: 422,
    message:
      'Scale.autoscaling "a" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  });
  t.throws(() => withScale(deployment, patched(scaleOf(deployment), { metadata: { uid: 'x' } })), {
    code: 409,
    message:
      'Operation cannot be fulfilled on deployments/scale.apps "a": Precondition failed: UID in precondition: x, UID in object meta: u',
  });
});
