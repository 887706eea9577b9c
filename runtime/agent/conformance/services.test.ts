/** Upstream's conformance tests of services and endpoints, as far as there is no traffic. */
import t from 'tap';
import { core, labels, strategic } from './testing/objects.ts';
import { type Json, openCluster } from './testing/open-cluster.ts';

t.setTimeout(300_000);
const { ask, patch, watch, namespace: makeNamespace } = await openCluster(t);

await t.test('services: kubernetes, types, status', async (t) => {
  const namespace = await makeNamespace('services');
  const place = `${core}/namespaces/${namespace}/services`;
  const all = (await ask('GET', `${core}/services`)).object.items;
  const own = all.find(
    ({ metadata }: Json) => metadata.name === 'kubernetes' && metadata.namespace === 'default',
  );
  t.match(own.spec.ports, [{ name: 'https', port: 443 }]);
  const endpoints = (await ask('GET', `${core}/namespaces/default/endpoints/kubernetes`)).object;
  t.ok(endpoints.subsets[0].addresses.length > 0);
  const slices = (
    await ask(
      'GET',
      '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dkubernetes',
    )
  ).object;
  t.same(
    slices.items.flatMap((one: Json) => one.endpoints.flatMap((end: Json) => end.addresses)),
    endpoints.subsets[0].addresses.map(({ ip }: Json) => ip),
  );
  const service = (name: string, spec: Json) => ({
    body: { apiVersion: 'v1', kind: 'Service', metadata: { name, labels }, spec },
  });
  const external = { type: 'ExternalName', externalName: 'foo.example.com' };
  const made = await ask('POST', place, service('external', external));
  t.equal(made.object.spec.clusterIP, undefined);
  const change = async (name: string, alter: (spec: Json) => Json) => {
    const { object } = await ask('GET', `${place}/${name}`);
    return await ask('PUT', `${place}/${name}`, { body: { ...object, spec: alter(object.spec) } });
  };
  const clustered = await change('external', ({ externalName: _, ...spec }) => ({
    ...spec,
    type: 'ClusterIP',
    ports: [{ port: 80, name: 'http', protocol: 'TCP' }],
  }));
  t.match(clustered.object.spec, { type: 'ClusterIP', clusterIP: /^10\./ }, clustered.text);
  const back = await change('external', (spec) => ({
    ...spec,
    type: 'ExternalName',
    externalName: 'foo.example.com',
    clusterIP: '',
  }));
  t.equal(back.code, 200, back.text);
  t.equal(back.object.spec.clusterIP, undefined, back.text);
  await ask('POST', place, service('external-2', external));
  const opened = await change('external-2', ({ externalName: _, ...spec }) => ({
    ...spec,
    type: 'NodePort',
    ports: [{ port: 80, name: 'http', protocol: 'TCP' }],
  }));
  t.match(opened.object.spec, { type: 'NodePort', clusterIP: /^10\./, ports: [{ nodePort: Number }] });
  const closed = await change('external-2', (spec) => ({
    ...spec,
    type: 'ExternalName',
    externalName: 'foo.example.com',
    clusterIP: '',
  }));
  t.equal(closed.code, 200, closed.text);
  t.equal(closed.object.spec.clusterIP, undefined);
  t.equal(closed.object.spec.ports?.[0]?.nodePort, undefined, 'its port is given back');
  const both = await ask(
    'POST',
    place,
    service('both', {
      selector: labels,
      ports: [
        { name: 'tcp', port: 80, protocol: 'TCP' },
        { name: 'udp', port: 80, protocol: 'UDP' },
      ],
    }),
  );
  t.equal(both.code, 201);
  const affine = await ask(
    'POST',
    place,
    service('affine', {
      type: 'NodePort',
      sessionAffinity: 'ClientIP',
      selector: labels,
      ports: [{ port: 80 }],
    }),
  );
  t.match(affine.object.spec, {
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
  });
  for (const sessionAffinity of ['None', 'ClientIP'])
    t.match(
      await change('affine', ({ sessionAffinityConfig: _, ...spec }) => ({ ...spec, sessionAffinity })),
      { code: 200, object: { spec: { sessionAffinity } } },
    );
  const balanced = await ask(
    'POST',
    place,
    service('balanced', {
      type: 'LoadBalancer',
      selector: labels,
      loadBalancerClass: 'example.com/class',
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 80 }],
    }),
  );
  t.match(balanced.object.spec, {
    allocateLoadBalancerNodePorts: true,
    loadBalancerClass: 'example.com/class',
    externalTrafficPolicy: 'Cluster',
  });
  const ingress = [{ ip: '203.0.113.1' }];
  const patched = await patch(`${place}/balanced/status`, {
    metadata: { annotations: { patchedstatus: 'true' } },
    status: { loadBalancer: { ingress } },
  });
  t.match(
    patched,
    {
      code: 200,
      object: {
        metadata: { annotations: { patchedstatus: 'true' } },
        status: { loadBalancer: { ingress: [{ ip: '203.0.113.1', ipMode: 'VIP' }] } },
      },
    },
    patched.text,
  );
  const { object } = await ask('GET', `${place}/balanced/status`);
  object.status.conditions = [
    { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set from e2e test' },
  ];
  t.match(await ask('PUT', `${place}/balanced/status`, { body: object }), {
    code: 200,
    object: { status: { conditions: [{ type: 'StatusUpdate' }] } },
  });
  t.match(await patch(`${place}/balanced`, { metadata: { labels: { service: 'patched' } } }), {
    object: { metadata: { labels: { service: 'patched' } } },
  });
});

await t.test('endpoints: a label and another address, until they go as a set', async (t) => {
  const namespace = await makeNamespace('endpoints');
  const place = `${core}/namespaces/${namespace}/endpoints`;
  const subsets = [
    { addresses: [{ ip: '10.0.0.24' }], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
  ];
  await ask('POST', place, {
    body: { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'e', labels }, subsets },
  });
  const events = await watch(`${place}?labelSelector=app%3Dconformance`);
  const next = [
    { addresses: [{ ip: '10.0.0.25' }], ports: [{ name: 'http-test', port: 8080, protocol: 'TCP' }] },
  ];
  t.match(
    await patch(`${place}/e`, { metadata: { labels: { static: 'patched' } }, subsets: next }, strategic),
    { object: { subsets: next } },
  );
  await ask('DELETE', `${place}?labelSelector=app%3Dconformance`);
  await events.saw('DELETED', 'e');
});
