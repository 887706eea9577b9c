import t from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { listAt, stringAt } from '../../apiserver/objects/read-path.ts';
import { resources } from '../client/places.ts';
import { eventually, openCluster, runControllers } from '../testing/open-cluster.ts';
import { judgeService, planAvailability, type Verdict } from './plan-availability.ts';
import { planLocalService, wantedLocalServices } from './plan-local.ts';

const service = { namespace: 'default', name: 'things' };
const remote: ApiObject = {
  ...{ kind: 'APIService', apiVersion: 'apiregistration.k8s.io/v1', metadata: { name: 'v1.things.io' } },
  spec: { group: 'things.io', version: 'v1', service, groupPriorityMinimum: 1, versionPriority: 1 },
};

function serviceWith(spec: object): ApiObject {
  return { kind: 'Service', apiVersion: 'v1', metadata: service, spec };
}

function sliceWith(more: object): ApiObject {
  const ports = [{ name: 'https', port: 8443 }];
  const endpoints = [{ addresses: ['192.0.2.1'], conditions: {} }];
  const metadata = { namespace: 'default', name: 'things-1' };
  return { kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1', metadata, ports, endpoints, ...more };
}

t.test('judgeService finds what is missing, in the order in which it is needed', async (t) => {
  const listening = serviceWith({ type: 'ClusterIP', ports: [{ name: 'https', port: 443 }] });
  const judged = (service: ApiObject | null, slices: readonly ApiObject[]): Verdict | null =>
    judgeService({ apiService: remote, service, slices });
  const cases: readonly (readonly [ApiObject | null, readonly ApiObject[], string, string])[] = [
    [null, [], 'ServiceNotFound', 'service/things in "default" is not present'],
    [
      ...([serviceWith({ ports: [{ port: 80 }] }), []] as const),
      ...(['ServicePortError', 'service/things in "default" is not listening on port 443'] as const),
    ],
    [listening, [], 'EndpointsNotFound', 'cannot find endpoints for service/things in "default"'],
    [
      ...([listening, [sliceWith({ endpoints: [] }), sliceWith({ ports: [{ name: 'other' }] })]] as const),
      'MissingEndpoints',
      'endpoints for service/things in "default" have no addresses with port name "https"',
    ],
  ];
  for (const [found, slices, reason, message] of cases) {
    t.same(judged(found, slices), { status: 'False', reason, message });
  }
  const endpoints = [{ addresses: ['192.0.2.1'], conditions: { ready: false } }];
  t.match(judged(listening, [sliceWith({ endpoints })]), { reason: 'MissingEndpoints' });
  t.equal(judged(listening, [sliceWith({})]), null);
  t.equal(judged(serviceWith({ type: 'ExternalName', externalName: 'a.b' }), []), null);
});

t.test('planAvailability says what is new, and since when it is so', async (t) => {
  const verdict: Verdict = { status: 'False', reason: 'A', message: 'a' };
  const [write, ...others] = planAvailability({ apiService: remote, verdict, now: 'first' });
  t.same(others, []);
  const ill = (write as { readonly object: ApiObject }).object;
  t.match(listAt(ill, 'status', 'conditions'), [
    { type: 'Available', ...verdict, lastTransitionTime: 'first' },
  ]);
  t.same(planAvailability({ apiService: ill, verdict, now: 'later' }), []);
  const other = { ...verdict, message: 'b' };
  t.match(planAvailability({ apiService: ill, verdict: other, now: 'later' }), [
    {
      subresource: 'status',
      object: { status: { conditions: [{ message: 'b', lastTransitionTime: 'first' }] } },
    },
  ]);
  const well = { status: 'True', reason: 'Passed', message: '' } as const;
  t.match(planAvailability({ apiService: ill, verdict: well, now: 'later' }), [
    { object: { status: { conditions: [{ status: 'True', lastTransitionTime: 'later' }] } } },
  ]);
});

t.test('planLocalService keeps its own as they should be, and leaves those of people alone', async (t) => {
  const wanted = wantedLocalServices([{ group: 'apps', version: 'v1' }], []).get('v1.apps') as ApiObject;
  t.match(wanted, {
    metadata: { labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
    spec: { group: 'apps', version: 'v1', groupPriorityMinimum: 17_800, versionPriority: 15 },
  });
  t.match(planLocalService({ existing: null, wanted }), [{ kind: 'create', object: wanted }]);
  t.same(planLocalService({ existing: null, wanted: null }), []);
  t.same(planLocalService({ existing: wanted, wanted }), []);
  const changed = { ...wanted, spec: { ...(wanted.spec as object), versionPriority: 1 } };
  t.match(planLocalService({ existing: changed, wanted }), [
    { kind: 'update', object: { spec: wanted.spec } },
  ]);
  t.match(planLocalService({ existing: wanted, wanted: null }), [{ kind: 'remove' }]);
  const ofPeople = { ...changed, metadata: { name: 'v1.apps' } };
  t.same(planLocalService({ existing: ofPeople, wanted }), []);
  t.same(planLocalService({ existing: ofPeople, wanted: null }), []);
});

t.test(
  'the controllers keep the APIServices of what is built in, and of definitions as they come and go',
  async (t) => {
    const { client, server } = await openCluster(t);
    const checked: string[] = [];
    let failure: string | null = 'no';
    const extensionAuthentication = () => ({
      ...{ clientAuthorities: 'CLIENTS', proxyAuthority: 'PROXIES', proxyNames: ['one'] },
    });
    const { warnings } = runControllers(
      t,
      { server },
      {
        extensionAuthentication,
        checkApiService: async ({ metadata }) => {
          checked.push(metadata.name ?? '');
          return failure;
        },
      },
    );
    const find = (name: string) => client.find({ ...resources.apiServices, namespace: '', name });
    const core = await eventually('the core group has one', () => find('v1.'));
    t.match(core, { status: { conditions: [{ type: 'Available', status: 'True', reason: 'Local' }] } });
    const place = { ...resources.apiServices, namespace: '', name: 'v2.autoscaling' };
    const autoscaling = await eventually('autoscaling has one', () => client.find(place));
    await client.remove(place);
    await eventually('it comes back', async () => {
      const again = await client.find(place);
      return again !== null && again.metadata.uid !== autoscaling.metadata.uid;
    });

    const names = { plural: 'gadgets', singular: 'gadget', kind: 'Gadget' };
    const schema = { openAPIV3Schema: { type: 'object' } };
    const definition = {
      ...{ kind: 'CustomResourceDefinition', apiVersion: 'apiextensions.k8s.io/v1' },
      metadata: { name: 'gadgets.shop.io' },
      spec: {
        ...{ group: 'shop.io', scope: 'Cluster', names },
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    };
    await client.create(resources.customResourceDefinitions, definition);
    t.match((await eventually('the definition has one', () => find('v1.shop.io'))).spec, {
      ...{ group: 'shop.io', version: 'v1', groupPriorityMinimum: 1000, versionPriority: 100 },
    });
    await client.remove({ ...resources.customResourceDefinitions, namespace: '', name: 'gadgets.shop.io' });
    await eventually('it goes with it', async () => (await find('v1.shop.io')) === null);

    const of = resources.services;
    const namespace = 'default';
    await eventually('there is a namespace', () =>
      client.find({ ...resources.namespaces, namespace: '', name: namespace }),
    );
    await client.create(resources.apiServices, remote);
    const reasonOf = async (): Promise<string> => {
      const condition = listAt(await find('v1.things.io'), 'status', 'conditions')[0];
      return stringAt(condition, 'reason');
    };
    await eventually('nobody is there', async () => (await reasonOf()) === 'ServiceNotFound');
    t.same(checked, []);
    await client.create(of, serviceWith({ type: 'ExternalName', externalName: 'a.example.com' }));
    await eventually('it does not answer', async () => (await reasonOf()) === 'FailedDiscoveryCheck');
    failure = null;
    await eventually('it answers', async () => (await reasonOf()) === 'Passed');
    t.same(new Set(checked), new Set(['v1.things.io']), 'of what is built in nobody is asked');

    const trust = {
      ...resources.configMaps,
      namespace: 'kube-system',
      name: 'extension-apiserver-authentication',
    };
    const told = await eventually('others are told whom to believe', () => client.find(trust));
    t.match(told.data, {
      'client-ca-file': 'CLIENTS',
      'requestheader-client-ca-file': 'PROXIES',
      'requestheader-allowed-names': '["one"]',
      'requestheader-username-headers': '["X-Remote-User"]',
    });
    t.same(warnings, []);
  },
);
