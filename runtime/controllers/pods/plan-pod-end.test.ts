import t from 'tap';
import type { ApiObject, ObjectMetadata } from '../../apiserver/objects/object-bytes.ts';
import { planPodEnd } from './plan-pod-end.ts';

const now = '2026-01-01T00:00:00Z';
const deletionTimestamp = now;

function pod(name: string, nodeName: string, phase: string, more: ObjectMetadata = {}): ApiObject {
  const metadata = { name, namespace: 'd', uid: `uid-${name}`, ...more };
  const spec = nodeName === '' ? {} : { nodeName };
  return { kind: 'Pod', apiVersion: 'v1', metadata, spec, status: { phase } };
}

function node(name: string, taints: readonly object[], ready: string): ApiObject {
  const status = { conditions: [{ type: 'Ready', status: ready }] };
  return { kind: 'Node', apiVersion: 'v1', metadata: { name }, spec: { taints }, status };
}

const nodes = [
  node('n', [], 'True'),
  node('off', [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }], 'Unknown'),
  node('back', [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }], 'True'),
];
const gone = new Set(['gone']);

t.test('planPodEnd ends what nobody else ends, and nothing else', async (t) => {
  const removal = { kind: 'remove', options: { graceSeconds: 0 } };
  const failed = {
    kind: 'patch',
    place: { subresource: 'status' },
    patch: { body: { status: { phase: 'Failed' } } },
  };
  const lost = {
    patch: { body: { status: { conditions: [{ type: 'DisruptionTarget', reason: 'DeletionByPodGC' }] } } },
  };
  for (const [name, found, expected] of [
    ['runs', pod('a', 'n', 'Running'), []],
    ['waits', pod('a', '', 'Pending'), []],
    ['its node is late', pod('a', 'late', 'Running'), []],
    ['its node is gone', pod('a', 'gone', 'Running'), [lost, removal]],
    ['its node is gone, and it has ended', pod('a', 'gone', 'Succeeded'), [removal]],
    ['deleted before it had a node', pod('a', '', 'Pending', { deletionTimestamp }), [failed, removal]],
    ['its node ends it', pod('a', 'n', 'Running', { deletionTimestamp }), []],
    ['its node is out of service', pod('a', 'off', 'Running', { deletionTimestamp }), [failed, removal]],
    ['its node is back', pod('a', 'back', 'Running', { deletionTimestamp }), []],
  ] as const) {
    const writes = planPodEnd({ pods: [found], nodes, gone, now });
    t.match(writes, expected, name);
    t.equal(writes.length, expected.length, name);
  }
});

t.test('planPodEnd takes the oldest of too many that have ended', async (t) => {
  const pods = Array.from({ length: 12_503 }, (_, index) =>
    pod(`p-${index}`, 'n', 'Succeeded', {
      creationTimestamp: new Date(Date.UTC(2026, 0, 1) - index * 1000).toISOString(),
    }),
  );
  const writes = planPodEnd({ pods: [...pods, pod('runs', 'n', 'Running')], nodes, gone, now });
  const names = writes.map((write) => (write.kind === 'remove' ? write.place.name : ''));
  t.same(names.sort(), ['p-12500', 'p-12501', 'p-12502']);
});
