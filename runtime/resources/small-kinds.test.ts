/** Kinds that add little. */
import t from 'tap';
import { apiServices } from './apiregistration/api-services.ts';
import { leases } from './coordination/leases.ts';
import { endpointSlices } from './discovery/endpoint-slices.ts';
import { events } from './events/events.ts';
import { runtimeClasses } from './node/runtime-classes.ts';
import { priorityClasses } from './scheduling/priority-classes.ts';
import { systemPriorityClasses } from './scheduling/system-priority-classes.ts';
import { filled, made, patched, saidOfChange, saidOfNew, saidOfStatus } from './testing/say.ts';

t.test('leases', async (t) => {
  const lease = {
    kind: 'Lease',
    apiVersion: 'coordination.k8s.io/v1',
    metadata: { name: 'l' },
    spec: { holderIdentity: 'h' },
  };
  t.same(made(leases, patched(lease, { spec: { strategy: 'OldestEmulationVersion' } })).spec, lease.spec);
  t.same(saidOfNew(leases, patched(lease, { spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } })), [
    'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
    'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
  ]);
  t.match(leases, { createsOnUpdate: true, needsVersion: true });
});

t.test('priority classes', async (t) => {
  const own = {
    kind: 'PriorityClass',
    apiVersion: 'scheduling.k8s.io/v1',
    metadata: { name: 'p' },
    value: 5,
  };
  t.match(made(priorityClasses, own), {
    preemptionPolicy: 'PreemptLowerPriority',
    metadata: { generation: 1 },
  });
  for (const system of systemPriorityClasses) t.same(saidOfNew(priorityClasses, system), []);
  t.same(saidOfNew(priorityClasses, { ...own, value: 1000000001, preemptionPolicy: 'Ask' }), [
    'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    'preemptionPolicy: Unsupported value: "Ask": supported values: "PreemptLowerPriority", "Never"',
  ]);
  t.same(saidOfNew(priorityClasses, patched(own, { metadata: { name: 'system-x' } })), [
    "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-x is not a known system priority class",
  ]);
  t.same(saidOfChange(priorityClasses, own, { value: 6 }), [
    'value: Forbidden: may not be changed in an update.',
  ]);
});

t.test('runtime classes', async (t) => {
  const plain = { kind: 'RuntimeClass', apiVersion: 'node.k8s.io/v1', metadata: { name: 'r' }, handler: 'h' };
  const tolerations = [{ key: 'a' }, { key: 'a' }];
  t.same(
    saidOfNew(runtimeClasses, {
      ...plain,
      overhead: { podFixed: { cpu: '-1' } },
      scheduling: { tolerations },
    }),
    [
      'overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
      'scheduling.tolerations[1]: Duplicate value: {"key":"a"}',
    ],
  );
  const nodeSelector = { 'beta.kubernetes.io/os': 'linux' };
  t.same(runtimeClasses.warn?.(made(runtimeClasses, { ...plain, scheduling: { nodeSelector } }), null), [
    'scheduling.nodeSelector: deprecated since v1.14; use "kubernetes.io/os" instead',
  ]);
  t.same(saidOfChange(runtimeClasses, plain, { handler: 'i' }), [
    'handler: Invalid value: "i": field is immutable',
  ]);
});

t.test('endpoint slices', async (t) => {
  const slice = {
    ...{
      kind: 'EndpointSlice',
      apiVersion: 'discovery.k8s.io/v1',
      metadata: { name: 's' },
      addressType: 'IPv4',
    },
    endpoints: [{ addresses: ['10.0.0.1'], deprecatedTopology: { a: 'b' } }],
    ports: [{ port: 80 }],
  };
  const whole = made(endpointSlices, slice);
  t.match(whole.ports, [{ name: '', protocol: 'TCP', port: 80 }]);
  t.notOk('deprecatedTopology' in (whole.endpoints as object[])[0]!);
  const endpoints = [
    { addresses: ['::1', '127.0.0.1'], hostname: 'A' },
    { addresses: [], hints: { forZones: [{ name: 'a' }, { name: 'a' }] } },
  ];
  const said = saidOfNew(endpointSlices, { ...slice, endpoints, ports: [{}, { protocol: 'X' }] });
  t.match(said, [
    'endpoints[0].addresses[0]: Invalid value: "::1": must be a valid IPv4 address',
    'endpoints[0].addresses[0]: Invalid value: "::1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    'endpoints[0].addresses[1]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    /^endpoints\[0\]\.hostname: Invalid value: "A": a lowercase RFC 1123 label/,
    'endpoints[1].addresses: Required value: must contain at least 1 address',
    'endpoints[1].hints.forZones[1].name: Duplicate value: "a"',
    'ports[1].name: Duplicate value: ""',
    'ports[1].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
  ]);
  const names = { addressType: 'FQDN', endpoints: [{ addresses: ['a.example.com.', 'a', 'a_b.c'] }] };
  t.match(saidOfNew(endpointSlices, { ...slice, ...names }), [
    'endpoints[0].addresses[1]: Invalid value: "a": should be a domain with at least two segments separated by dots',
    /^endpoints\[0\]\.addresses\[2\]: Invalid value: "a_b\.c": a lowercase RFC 1123 subdomain/,
  ]);
  t.same(saidOfNew(endpointSlices, patched(slice, { addressType: '' })), ['addressType: Required value']);
  t.same(
    saidOfChange(endpointSlices, slice, { addressType: 'IPv6', endpoints: [{ addresses: ['2001:db8::1'] }] }),
    ['addressType: Invalid value: "IPv6": field is immutable'],
  );
  const labeled = endpointSlices.prepareUpdate?.(patched(whole, { metadata: { labels: { a: 'b' } } }), whole);
  t.equal(labeled?.metadata.generation, 1, 'labels count');
});

t.test('events of events.k8s.io', async (t) => {
  const event = {
    ...{ kind: 'Event', apiVersion: 'events.k8s.io/v1', metadata: { name: 'e', namespace: 'd' } },
    ...{ eventTime: '2026-01-01T00:00:00.000000Z', reportingController: 'c.io/x', reportingInstance: 'i' },
    ...{ action: 'a', reason: 'r', type: 'Normal', regarding: { namespace: 'd' } },
  };
  t.same(saidOfNew(events, event), []);
  t.same(
    saidOfNew(events, {
      ...event,
      type: 'Odd',
      deprecatedCount: 3,
      series: { count: 1, lastObservedTime: null },
    }),
    [
      'series.count: Invalid value: "": should be at least 2',
      'series.lastObservedTime: Required value',
      'type: Invalid value: "": has invalid value: Odd',
      'count: Invalid value: "": needs to be unset',
    ],
  );
  t.same(saidOfChange(events, event, { note: 'other' }), [
    'message: Invalid value: "other": field is immutable',
  ]);
});

t.test('API services', async (t) => {
  const local = {
    ...{ kind: 'APIService', apiVersion: 'apiregistration.k8s.io/v1' },
    metadata: { name: 'v1.g.io', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { group: 'g.io', version: 'v1', groupPriorityMinimum: 1000, versionPriority: 15 },
  };
  t.match(made(apiServices, local).status, {
    conditions: [
      { type: 'Available', status: 'True', reason: 'Local', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ],
  });
  t.same(saidOfNew(apiServices, local), []);
  const remote = patched(local, {
    spec: { service: { name: 's' }, insecureSkipTLSVerify: true, caBundle: 'AAAA' },
  });
  t.match(filled(apiServices, remote).spec, { service: { port: 443 } });
  t.same(made(apiServices, remote).status, {});
  t.same(saidOfNew(apiServices, remote), [
    'spec.service.namespace: Required value',
    'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
  ]);
  t.same(
    saidOfNew(apiServices, patched(local, { spec: { version: 'v2', versionPriority: 0, caBundle: 'AAAA' } })),
    [
      'metadata.name: Invalid value: "v1.g.io": must be `spec.version+"."+spec.group`: "v2.g.io"',
      'spec.versionPriority: Invalid value: 0: must be positive and less than 1000',
      'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
    ],
  );
  t.same(saidOfStatus(apiServices, local, {}, { conditions: [{ type: 'Available', status: 'Yes' }] }), [
    'status.conditions[0].status: Unsupported value: "Yes": supported values: "True", "False", "Unknown"',
  ]);
});
