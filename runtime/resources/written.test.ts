/** Kinds in the hands of the handlers: made, written again, changed. */
import t from 'tap';
import { openKind } from '../apiserver/handlers/testing/open-kind.ts';
import type { ApiObject } from '../apiserver/objects/object-bytes.ts';
import { builtInGroupVersions, findResource } from '../apiserver/resources/built-in.ts';
import { strategyOf } from './strategies.ts';
import { patched } from './testing/say.ts';
import { cronJob, daemonSet, deployment, job, replicaSet, statefulSet } from './testing/workloads.ts';

const claims = [
  {
    metadata: { name: 'v' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
];
const selector = { matchLabels: { app: 'a' } };
const samples: readonly (readonly [group: string, resource: string, sample: object])[] = [
  ['apps', 'daemonsets', daemonSet],
  ['apps', 'deployments', deployment],
  ['apps', 'replicasets', replicaSet],
  ['apps', 'statefulsets', patched(statefulSet, { spec: { volumeClaimTemplates: claims } })],
  ['batch', 'cronjobs', cronJob],
  ['batch', 'jobs', job],
  [
    'policy',
    'poddisruptionbudgets',
    object('PodDisruptionBudget', 'policy', { spec: { minAvailable: '50%', selector } }),
  ],
  [
    ...(['networking.k8s.io', 'networkpolicies'] as const),
    object('NetworkPolicy', 'networking.k8s.io', {
      spec: { podSelector: {}, egress: [{ ports: [{ port: 53 }] }] },
    }),
  ],
  [
    'coordination.k8s.io',
    'leases',
    object('Lease', 'coordination.k8s.io', { spec: { holderIdentity: 'h' } }),
  ],
  [
    ...(['discovery.k8s.io', 'endpointslices'] as const),
    object('EndpointSlice', 'discovery.k8s.io', {
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.1'] }],
      ports: [{ port: 1 }],
    }),
  ],
];

function object(kind: string, group: string, rest: object) {
  return { kind, apiVersion: `${group}/v1`, metadata: { name: 'a' }, ...rest };
}

for (const [group, resource, sample] of samples) {
  t.test(`${group}/${resource}: what is written again as it was is no change`, async (t) => {
    const found = findResource(builtInGroupVersions, { group, version: 'v1', resource });
    const strategy = strategyOf(found!);
    const { create, update } = await openKind(t, group, resource, strategy.countsGenerations, strategy);
    const sent = patched(sample, { metadata: { name: 'a' } });
    const made = await create(sent);
    const { resourceVersion } = made.metadata;
    t.equal((await update(() => made as never)).metadata.resourceVersion, resourceVersion, 'all of it');
    const again = patched(sent, { metadata: { resourceVersion: resourceVersion! } });
    // What a job selects is said once, by the server.
    if (resource !== 'jobs') {
      t.equal(
        (await update(() => again as never)).metadata.resourceVersion,
        resourceVersion,
        'as it was sent',
      );
    }
    const labeled = await update(() => patched(made, { metadata: { labels: { l: 'm' } } }) as never);
    const counts = resource === 'endpointslices';
    t.equal(
      labeled.metadata.generation,
      counts ? 2 : made.metadata.generation,
      'labels are not what is wanted',
    );
  });
}

t.test('metadata can be written with status, unless the kind keeps it', async (t) => {
  const report = { metadata: { labels: { l: 'm' }, annotations: { a: 'b' } }, status: {} };
  const written = async (group: string, resource: string, sample: object): Promise<ApiObject['metadata']> => {
    const strategy = strategyOf(findResource(builtInGroupVersions, { group, version: 'v1', resource })!);
    const { create, update } = await openKind(t, group, resource, true, strategy);
    await create(patched(sample, { metadata: { name: 'a' } }));
    return (await update((current) => patched(current, report) as never, { subresource: 'status' })).metadata;
  };
  t.match(await written('batch', 'jobs', job), {
    labels: { l: 'm' },
    annotations: { a: 'b' },
    generation: 1,
  });
  const pod = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {},
    spec: { containers: [{ name: 'c', image: 'i' }] },
  };
  t.match(await written('', 'pods', pod), { labels: { l: 'm' } });
  const ofDeployment = await written('apps', 'deployments', deployment);
  t.same([ofDeployment.labels, ofDeployment.annotations], [undefined, { a: 'b' }]);
});

t.test('a job leaves its pods alone, unless its end is theirs', async (t) => {
  const strategy = strategyOf(
    findResource(builtInGroupVersions, { group: 'batch', version: 'v1', resource: 'jobs' })!,
  );
  const { create, remove } = await openKind(t, 'batch', 'jobs', true, strategy);
  await create(patched(job, { metadata: { name: 'a' } }));
  const { isGone, object } = await remove({ propagation: null });
  t.notOk(isGone);
  t.same(object.metadata.finalizers, ['orphan']);
  t.ok((await remove({ propagation: 'Background' })).isGone);
});

t.test('annotations of a deployment are what is wanted, once', async (t) => {
  const strategy = strategyOf(
    findResource(builtInGroupVersions, { group: 'apps', version: 'v1', resource: 'deployments' })!,
  );
  const { create, update } = await openKind(t, 'apps', 'deployments', true, strategy);
  const made = await create(deployment);
  const change = (current: ApiObject): ApiObject =>
    patched(current, { metadata: { annotations: { a: 'b' } }, spec: { replicas: 4 } });
  const next = await update((current) => change(current) as never);
  t.equal(made.metadata.generation, 1);
  t.equal(next.metadata.generation, 2);
});
