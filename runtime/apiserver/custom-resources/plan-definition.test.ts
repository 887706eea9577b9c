import t from 'tap';
import type { CustomResourceDefinition } from '../schemas/generated/types/apiextensions-v1.ts';
import { compareVersions, groupVersionsOf, resourcesOf } from './definition.ts';
import { cleanupFinalizer, planCleanup, planDefinition } from './plan-definition.ts';
import { firstAt, readJsonPath } from './served/json-path.ts';

const now = '2026-01-01T00:00:00Z';

function define(plural: string, more: object = {}, status: object = {}): CustomResourceDefinition {
  const names = { plural, singular: plural.slice(0, -1), kind: plural, listKind: `${plural}List`, ...more };
  const versions = [
    { name: 'v1beta1', served: true, storage: false },
    { name: 'v1', served: true, storage: true, subresources: { status: {} } },
  ];
  return {
    metadata: { name: `${plural}.ex.io` },
    spec: { group: 'ex.io', scope: 'Cluster', names, versions },
    status,
  };
}

function settled(definition: CustomResourceDefinition, others: readonly CustomResourceDefinition[] = []) {
  return { ...definition, status: planDefinition(definition, others, now) };
}

t.test('planDefinition gives names to whoever came first', async (t) => {
  const first = settled(define('foos', { shortNames: ['f'] }));
  t.match(first.status, {
    acceptedNames: { plural: 'foos', shortNames: ['f'] },
    conditions: [
      { type: 'NamesAccepted', status: 'True', lastTransitionTime: now },
      { type: 'Established', status: 'True' },
    ],
  });
  t.equal(planDefinition(first, [first], 'later'), first.status, 'all is as it should be');
  const second = settled(define('bars', { shortNames: ['f'], kind: 'foos' }), [first]);
  t.match(second.status, {
    acceptedNames: { plural: 'bars' },
    conditions: [
      { type: 'NamesAccepted', status: 'False', reason: 'KindConflict', message: '"foos" is already in use' },
      { type: 'Established', status: 'False', reason: 'NotAccepted' },
    ],
  });
  t.same(resourcesOf(second), []);
  t.match(
    settled(second).status,
    { conditions: [{ status: 'True' }, { status: 'True' }] },
    'the first one went away',
  );
  const renamed = settled(
    { ...first, spec: { ...first.spec, names: { ...first.spec.names, shortNames: ['b'] } } },
    [settled(define('bars', { shortNames: ['b'] }))],
  );
  t.match(renamed.status.conditions, [{ status: 'False', reason: 'ShortNamesConflict' }, { status: 'True' }]);
});

t.test('planDefinition says whether the community has approved of its own groups', async (t) => {
  const conditionOf = (annotation: string | null, group = 'ex.k8s.io') => {
    const { metadata, spec } = define('foos');
    const annotations = annotation === null ? {} : { 'api-approved.kubernetes.io': annotation };
    const definition = { metadata: { ...metadata, annotations }, spec: { ...spec, group } };
    return planDefinition(definition, [], now).conditions?.[2];
  };
  t.equal(conditionOf(null, 'ex.x-k8s.io'), undefined);
  t.match(conditionOf('https://github.com/kubernetes/kubernetes/pull/1'), {
    ...{ type: 'KubernetesAPIApprovalPolicyConformant', status: 'True', reason: 'ApprovedAnnotation' },
    message: 'approved in https://github.com/kubernetes/kubernetes/pull/1',
  });
  t.match(conditionOf('unapproved, a test'), { status: 'False', reason: 'UnapprovedAnnotation' });
  t.match(conditionOf(null), { status: 'False', reason: 'MissingAnnotation' });
  t.match(conditionOf('yes', 'kubernetes.io'), { status: 'False', reason: 'InvalidAnnotation' });
});

t.test('planCleanup lets a definition go when its objects are gone', async (t) => {
  const ending = (definition: CustomResourceDefinition): CustomResourceDefinition => ({
    ...definition,
    metadata: { ...definition.metadata, deletionTimestamp: now, finalizers: [cleanupFinalizer] },
  });
  const established = ending(settled(define('foos')));
  t.match(planCleanup(established, 3), { kind: 'deleteObjects' });
  t.match(planCleanup(established, 0), {
    kind: 'release',
    condition: { reason: 'InstanceDeletionCompleted' },
  });
  t.match(planCleanup(ending(define('foos')), 0), {
    kind: 'release',
    condition: { reason: 'NeverEstablished' },
  });
  t.match(planCleanup(define('foos'), 3), { kind: 'none' });
  t.match(resourcesOf(established)[0]?.verbs, ['delete', 'deletecollection', 'get', 'list', 'watch']);
});

t.test('versions stand in the order of their maturity', async (t) => {
  const names = [
    'foo10',
    'v1alpha1',
    'v3beta1',
    'v10',
    'v2',
    'foo1',
    'v11alpha2',
    'v12alpha1',
    'v11beta2',
    'v10beta3',
    'v1',
  ];
  t.same(names.toSorted(compareVersions), [
    ...['v10', 'v2', 'v1', 'v11beta2', 'v10beta3', 'v3beta1', 'v12alpha1', 'v11alpha2', 'v1alpha1'],
    ...['foo1', 'foo10'],
  ]);
  const all = [...resourcesOf(settled(define('foos'))), ...resourcesOf(settled(define('bars')))];
  t.match(groupVersionsOf(all), [
    {
      version: 'v1',
      resources: [{ resource: 'bars' }, { resource: 'foos', subresources: [{ name: 'status' }] }],
    },
    { version: 'v1beta1' },
  ]);
});

t.test('readJsonPath reads what definitions say', async (t) => {
  const value = {
    a: {
      'b.c': 1,
      list: [
        { type: 'Ready', v: 'yes' },
        { type: 'Done', v: 'no', n: 3 },
      ],
    },
    metadata: { annotations: { 'ex.io/x': 'note' } },
  };
  for (const [path, expected] of [
    ['.a.list[0].v', 'yes'],
    ['.a.list[-1].v', 'no'],
    ['.a.list[*].n', 3],
    ['.a.list[?(@.type=="Done")].v', 'no'],
    ["['a']['b.c']", 1],
    ['.metadata.annotations.ex\\.io/x', 'note'],
    ['.a.list[?(@.n>2)].type', 'Done'],
    ['.a.none.b', undefined],
    ['.a.list[9]', undefined],
  ] as const) {
    const read = readJsonPath(path);
    t.not(read, null, path);
    t.equal(firstAt(read ?? [], value), expected, path);
  }
  for (const path of ['a', '.a[', '.a[?(@.x', '.a b', `.${'a'.repeat(2000)}`])
    t.equal(readJsonPath(path), null, path);
});
