import t from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { changed, filledIn, made, refusals, sentences } from '../testing/written.ts';
import { namespaces } from './namespaces.ts';
import { nodes } from './nodes.ts';

const namespace = { kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'a' } };
const node = { kind: 'Node', apiVersion: 'v1', metadata: { name: 'n' } };

t.test('a namespace has its name as a label, a finalizer and a phase', async (t) => {
  t.match(made(namespaces, namespace), {
    metadata: { labels: { 'kubernetes.io/metadata.name': 'a' } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
  const own = made(namespaces, { ...namespace, spec: { finalizers: ['example.com/f'] } });
  t.same(own.spec, { finalizers: ['example.com/f', 'kubernetes'] });
});

t.test('an update leaves the finalizers of a namespace alone', async (t) => {
  const old = made(namespaces, namespace);
  t.same(changed(namespaces, { ...namespace, spec: { finalizers: [] } }, old).spec, old.spec);
});

t.test('finalizing a namespace changes nothing but its finalizers', async (t) => {
  const old = { ...made(namespaces, namespace), status: { phase: 'Terminating' } };
  const sent = { ...old, spec: { finalizers: ['f'] }, status: {} };
  const next = namespaces.parts!.finalize!.take(sent, old);
  t.same(next, { ...old, spec: { finalizers: ['f'] } });
  t.match(sentences(namespaces.parts!.finalize!.check?.(next, old)), [
    /^spec\.finalizers: Invalid value: "f"/,
  ]);
});

t.test('the phase of a namespace says whether it is deleted', async (t) => {
  const old = made(namespaces, namespace);
  const check = (metadata: object, phase: string) =>
    sentences(
      namespaces.checkStatusUpdate?.(
        { ...old, metadata: { ...old.metadata, ...metadata }, status: { phase } },
        old,
      ),
    );
  const deletionTimestamp = '2026-01-01T00:00:00Z';
  t.same(check({}, 'Active'), []);
  t.same(check({ deletionTimestamp }, 'Terminating'), []);
  t.same(check({}, 'Terminating'), [
    'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
  ]);
  t.same(check({ deletionTimestamp }, 'Active'), [
    'status.Phase: Invalid value: "Active": may only be \'Terminating\' if `deletionTimestamp` is not empty',
  ]);
});

t.test('finalizers of a namespace have whole names', async (t) => {
  t.same(refusals(namespaces, { ...namespace, spec: { finalizers: ['f'] } }), [
    'spec.finalizers: Invalid value: "f": name is neither a standard finalizer name nor is it fully qualified',
  ]);
});

t.test('a node brings its first status, and can allocate what it has', async (t) => {
  t.equal(nodes.takesFirstStatus, true);
  const filled = filledIn(nodes, {
    ...node,
    spec: { podCIDR: '10.0.0.0/24' },
    status: { capacity: { cpu: '4' } },
  });
  t.match(filled, { spec: { podCIDRs: ['10.0.0.0/24'] }, status: { allocatable: { cpu: '4' } } });
  const old = {
    spec: { configSource: {} },
    status: { config: {}, features: { supplementalGroupsPolicy: true } },
  };
  const plain = made(nodes, { ...node, ...old });
  t.same(plain.spec, {});
  t.match(plain.status, { config: undefined, features: undefined });
});

t.test('nodes are refused in the words of the real server', async (t) => {
  const taint = { key: 'a', value: 'b', effect: 'NoSchedule' };
  for (const [spec, expected] of [
    [{ taints: [taint, { ...taint, effect: 'NoExecute' }] }, []],
    [
      { taints: [taint, taint] },
      [
        'metadata.taints[1]: Duplicate value: core.Taint{Key:"a", Value:"b", Effect:"NoSchedule", TimeAdded:<nil>}: taints must be unique by key and effect pair',
      ],
    ],
    [
      { taints: [{ key: 'a', effect: 'No' }] },
      [
        'metadata.taints[0].effect: Unsupported value: "No": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      ],
    ],
    [{ taints: [{ key: 'a' }] }, ['metadata.taints[0].effect: Required value']],
    [
      { podCIDRs: ['10.0.0.0/24', '10.1.0.0/24'] },
      [
        'spec.podCIDRs: Invalid value: []string{"10.0.0.0/24", "10.1.0.0/24"}: may specify no more than one CIDR for each IP family',
      ],
    ],
    [{ podCIDRs: ['10.0.0.0/24', 'fd00::/64'] }, []],
  ] as const) {
    t.same(refusals(nodes, { ...node, spec }), expected, JSON.stringify(spec));
  }
});

t.test('annotations of nodes are read where they stand for fields', async (t) => {
  const key = 'scheduler.alpha.kubernetes.io/';
  const avoid = (controller: object | null) => ({
    [`${key}preferAvoidPods`]: JSON.stringify({
      preferAvoidPods: [{ podSignature: { podController: controller } }],
    }),
  });
  const at = `metadata.annotations.${key}preferAvoidPods[0].PodSignature`;
  for (const [annotations, expected] of [
    [avoid({ kind: 'ReplicaSet', name: 'a', controller: true }), []],
    [avoid(null), [`${at}: Required value`]],
    [
      avoid({ controller: false }),
      [`${at}.PodController.Controller: Invalid value: false: must point to a controller`],
    ],
    [{ [`${key}preferAvoidPods`]: '' }, []],
    [
      { [`${key}taints`]: '[{"key":"a","effect":"No"}]' },
      [
        `metadata.annotations.${key}taints[0].effect: Unsupported value: "No": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"`,
      ],
    ],
  ] as const) {
    t.same(
      refusals(nodes, { ...node, metadata: { name: 'n', annotations } }),
      expected,
      JSON.stringify(annotations),
    );
  }
  for (const text of ['x', '1', '{"preferAvoidPods":1}', '{"preferAvoidPods":[null]}']) {
    const annotations = { [`${key}preferAvoidPods`]: text };
    const next = { ...node, metadata: { name: 'n', annotations } } as ApiObject;
    t.match(sentences(nodes.checkStatusUpdate?.(next, node as ApiObject)), [
      /^metadata\.annotations\.AvoidPods: Invalid value: "scheduler\.alpha\.kubernetes\.io\/preferAvoidPods": /,
    ]);
  }
});

t.test('what a node was given stays with it', async (t) => {
  const old = { ...node, spec: { podCIDRs: ['10.0.0.0/24'], providerID: 'p' } } as ApiObject;
  t.same(sentences(nodes.checkUpdate?.({ ...old, spec: {} }, old)), [
    'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
    'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
  ]);
  t.same(sentences(nodes.checkUpdate?.(old, node as ApiObject)), []);
});
