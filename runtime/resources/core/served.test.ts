/** Kinds of the core group on a real store, through the handlers. */
import t from 'tap';
import { merging, openKind } from '../../apiserver/handlers/testing/open-kind.ts';
import { nodes } from './nodes.ts';
import { pods } from './pods/pods.ts';
import { replicationControllers } from './replication-controllers.ts';
import { secrets } from './secrets.ts';
import { services } from './services/services.ts';

const metadata = { name: 'a' };
const container = { name: 'c', image: 'i:1' };
const pod = { kind: 'Pod', apiVersion: 'v1', metadata, spec: { containers: [container] } };

t.test('a pod is made, changed where it can change, and refused where it cannot', async (t) => {
  const { create, update } = await openKind(t, '', 'pods', false, pods);
  const made = await create({ ...pod, status: { phase: 'Running' } });
  t.match(made, {
    status: { phase: 'Pending', qosClass: 'BestEffort' },
    spec: { dnsPolicy: 'ClusterFirst' },
  });
  t.notOk('generation' in made.metadata);
  const changed = await update(merging({ spec: { containers: [{ ...container, image: 'i:2' }] } }));
  t.match(changed.spec, { containers: [{ image: 'i:2' }] });
  await t.rejects(update(merging({ spec: { hostname: 'h' } })), {
    code: 422,
    message:
      /^Pod "a" is invalid: spec: Forbidden: pod updates may not change fields other than .*\n\+ \thostname: "h"\n$/,
  });
  const status = { phase: 'Running', podIP: '10.0.0.1', qosClass: null };
  t.match(await update(merging({ status }), { subresource: 'status' }), {
    status: { phase: 'Running', qosClass: 'BestEffort', podIPs: [{ ip: '10.0.0.1' }] },
  });
  const ephemeralContainers = [{ name: 'debug', image: 'busybox' }];
  const debugged = await update(merging({ spec: { ephemeralContainers, hostname: 'h' } }), {
    subresource: 'ephemeralcontainers',
  });
  t.match(debugged.spec, {
    ephemeralContainers: [{ terminationMessagePolicy: 'File' }],
    hostname: undefined,
  });
  await t.rejects(
    update(merging({ spec: { ephemeralContainers: [] } }), { subresource: 'ephemeralcontainers' }),
    {
      code: 422,
    },
  );
});

t.test('a new pod cannot have ephemeral containers, nor a wrong field', async (t) => {
  const { create } = await openKind(t, '', 'pods', false, pods);
  const ephemeralContainers = [{ name: 'debug', image: 'busybox' }];
  await t.rejects(create({ ...pod, spec: { ...pod.spec, ephemeralContainers } }), {
    message: 'Pod "a" is invalid: spec.ephemeralContainers: Forbidden: cannot be set on create',
  });
  await t.rejects(create({ ...pod, spec: {} }), {
    message: 'Pod "a" is invalid: spec.containers: Required value',
    details: { kind: 'Pod', name: 'a', causes: [{ reason: 'FieldValueRequired', field: 'spec.containers' }] },
  });
});

t.test('a pod is warned of when it is made', async (t) => {
  const { create, update, warnings } = await openKind(t, '', 'pods', false, pods);
  await create({ ...pod, spec: { ...pod.spec, terminationGracePeriodSeconds: -1 } });
  const sentence =
    'spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1';
  t.same(warnings, [sentence]);
  await update(merging({ metadata: { labels: { a: 'b' } } }));
  t.equal(warnings.length, 1);
});

t.test('a service is given an address, and keeps it', async (t) => {
  const { create, update } = await openKind(t, '', 'services', false, services);
  const service = { kind: 'Service', apiVersion: 'v1', metadata, spec: { ports: [{ port: 80 }] } };
  const { clusterIP } = (await create(service)).spec as { clusterIP: string };
  t.match(clusterIP, /^10\./);
  const changed = await update(() => ({ ...service, spec: { ports: [{ port: 81 }] } }));
  t.match(changed.spec, { clusterIP, clusterIPs: [clusterIP], ports: [{ port: 81, targetPort: 81 }] });
  await t.rejects(update(merging({ spec: { clusterIP: '10.96.9.9', clusterIPs: ['10.96.9.9'] } })), {
    message:
      'Service "a" is invalid: spec.clusterIPs[0]: Invalid value: []string{"10.96.9.9"}: may not change once set',
  });
});

t.test('a generation counts what is wanted of a replication controller', async (t) => {
  const { create, update } = await openKind(t, '', 'replicationcontrollers', true, replicationControllers);
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [container] } };
  const made = await create({
    kind: 'ReplicationController',
    apiVersion: 'v1',
    metadata,
    spec: { template },
  });
  t.match(made, { metadata: { generation: 1 }, spec: { replicas: 1, selector: { app: 'a' } } });
  t.equal((await update(merging({ metadata: { labels: { x: 'y' } } }))).metadata.generation, 1);
  t.equal((await update(merging({ spec: { replicas: 2 } }))).metadata.generation, 2);
});

t.test('text of a secret is stored as data', async (t) => {
  const { create, get } = await openKind(t, '', 'secrets', false, secrets);
  await create({ kind: 'Secret', apiVersion: 'v1', metadata, stringData: { a: 'hi' } });
  t.match(await get(), { type: 'Opaque', data: { a: 'aGk=' }, stringData: undefined });
});

t.test('a node registers with its status', async (t) => {
  const { kind, create } = await openKind(t, '', 'nodes', false, nodes);
  t.equal(kind.resource.namespaced, false);
  const node = { kind: 'Node', apiVersion: 'v1', metadata, status: { capacity: { cpu: '4' } } };
  t.match(await create(node), { status: { allocatable: { cpu: '4' } } });
});
