import t from 'tap';
import type { ApiObject, ObjectMetadata } from '../../apiserver/objects/object-bytes.ts';
import { listAt } from '../../apiserver/objects/read-path.ts';
import { type Content, nextLookMilliseconds, planNamespaceDeletion } from './plan-deletion.ts';

const deletionTimestamp = '2026-01-01T00:00:00Z';
const now = '2026-01-01T00:00:08Z';
const namespace: ApiObject = {
  ...{ kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'a', deletionTimestamp } },
  ...{ spec: { finalizers: ['kubernetes', 'example.com/own'] }, status: { phase: 'Terminating' } },
};
const of = { group: '', version: 'v1', resource: 'pods' };

function content(metadata: ObjectMetadata, more: Partial<Content> = {}): Content {
  const item = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
  return { of, items: [item], count: 1, failure: '', ...more };
}

t.test('planNamespaceDeletion leaves a namespace alone that nobody deletes', async (t) => {
  const alive = { ...namespace, metadata: { name: 'a' } };
  t.same(planNamespaceDeletion({ namespace: alive, contents: [content({})], stale: [], now }), []);
  t.same(planNamespaceDeletion({ namespace: null, contents: [], stale: [], now }), []);
});

t.test('planNamespaceDeletion deletes what is there before it tells what remains', async (t) => {
  const observed = { namespace, contents: [content({ name: 'p' })], stale: [], now };
  t.same(planNamespaceDeletion(observed), [{ kind: 'removeAll', of, namespace: 'a' }]);
  t.equal(nextLookMilliseconds(observed, Date.parse(now)), 0);
});

t.test('planNamespaceDeletion tells what holds it up, and looks again later', async (t) => {
  const contents = [content({ name: 'p', deletionTimestamp, finalizers: ['example.com/f'] }, { count: 3 })];
  const [told, ...others] = planNamespaceDeletion({ namespace, contents, stale: [], now });
  t.same(others, []);
  const { object } = told as { object: ApiObject };
  const conditions = listAt(object, 'status', 'conditions');
  t.equal(told?.kind, 'status');
  t.equal(conditions.length, 5);
  t.match(conditions.slice(3), [
    {
      status: 'True',
      message: 'Some resources are remaining: pods. has 3 resource instances',
      lastTransitionTime: now,
    },
    { status: 'True', message: /finalizers remaining: example\.com\/f in 1 resource instances$/ },
  ]);
  t.same(planNamespaceDeletion({ namespace: object, contents, stale: [], now: 'later' }), []);
  t.equal(nextLookMilliseconds({ namespace, contents, stale: [], now }, Date.parse(now)), 2000);
});

t.test('planNamespaceDeletion tries again what failed, and says why', async (t) => {
  const contents = [content({ name: 'p' }, { failure: 'pods is forbidden' })];
  const [removal, told] = planNamespaceDeletion({ namespace, contents, stale: [], now });
  t.equal(removal?.kind, 'removeAll');
  t.match((told as { object: ApiObject }).object.status, {
    conditions: [
      {},
      {},
      { status: 'True', message: 'Failed to delete all resource types, 1 remaining: pods is forbidden' },
    ],
  });
  t.equal(nextLookMilliseconds({ namespace, contents, stale: [], now }, Date.parse(now)), 2000);
});

t.test('planNamespaceDeletion says that all is gone, and then lets the namespace go', async (t) => {
  const [told] = planNamespaceDeletion({ namespace, contents: [], stale: [], now });
  const { object } = told as { object: ApiObject };
  t.match(object.status, { conditions: [{}, {}, {}, { status: 'False', reason: 'ContentRemoved' }, {}] });
  t.match(planNamespaceDeletion({ namespace: object, contents: [], stale: [], now }), [
    { kind: 'finalize', object: { spec: { finalizers: ['example.com/own'] } } },
  ]);
  const done = { ...object, spec: { finalizers: ['example.com/own'] } };
  t.same(planNamespaceDeletion({ namespace: done, contents: [], stale: [], now }), []);
});

t.test('planNamespaceDeletion lets nothing go while another server does not say what it has', async (t) => {
  const stale = ['metrics.k8s.io/v1beta1'];
  const observed = { namespace, contents: [], stale, now };
  const [told, ...others] = planNamespaceDeletion(observed);
  t.same(others, []);
  const object = (told as { readonly object: ApiObject }).object;
  const message =
    'Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1: stale GroupVersion discovery: metrics.k8s.io/v1beta1';
  const status = {
    type: 'NamespaceDeletionDiscoveryFailure',
    status: 'True',
    reason: 'DiscoveryFailed',
    message,
  };
  t.match(listAt(object, 'status', 'conditions')[0], status);
  t.same(planNamespaceDeletion({ ...observed, namespace: object }), [], 'and waits');
  t.equal(nextLookMilliseconds(observed, Date.parse(now)), 2000);
  t.match(
    planNamespaceDeletion({ ...observed, namespace: object, stale: [] }),
    [{ kind: 'status' }],
    'until it does',
  );
});
