/** Endpoints, events, replication controllers, templates. */
import t from 'tap';
import type { JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import { filledIn, made, refusals, sentences } from '../testing/written.ts';
import { endpoints } from './endpoints.ts';
import { events } from './events.ts';
import { checkPodTemplate, fillInPodTemplate } from './pod-template.ts';
import { podTemplates } from './pod-templates.ts';
import { replicationControllers } from './replication-controllers.ts';

const metadata = { name: 'a', namespace: 'd' };

t.test('endpoints are refused in the words of the real server', async (t) => {
  const object = (subset: object): object => ({
    kind: 'Endpoints',
    apiVersion: 'v1',
    metadata,
    subsets: [subset],
  });
  const addresses = [{ ip: '10.0.0.1' }];
  for (const [subset, expected] of [
    [{ addresses, ports: [{ port: 80 }] }, []],
    [{}, ['subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`']],
    [
      { addresses: [{ ip: '127.0.0.1' }] },
      [
        'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      ],
    ],
    [
      { addresses, ports: [{ port: 80 }, { port: 81 }] },
      ['subsets[0].ports[0].name: Required value', 'subsets[0].ports[1].name: Required value'],
    ],
    [
      { addresses: [{ ip: 'x' }] },
      [
        'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address',
      ],
    ],
  ] as const) {
    t.same(refusals(endpoints, object(subset)), expected);
  }
  t.match(filledIn(endpoints, object({ addresses, ports: [{ port: 80 }] })), {
    subsets: [{ ports: [{ protocol: 'TCP' }] }],
  });
});

t.test('endpoints have one form: an address once, those with the same ports together', async (t) => {
  const [http, https] = [80, 443].map((port) => ({ port, protocol: 'TCP', name: `p${port}` }));
  const [one, two, three] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((ip) => ({ ip }));
  const pack = (...subsets: object[]) =>
    made(endpoints, { kind: 'Endpoints', apiVersion: 'v1', metadata, subsets }).subsets;
  t.same(pack({ addresses: [two, one], ports: [https, http] }), [
    { addresses: [one, two], ports: [http, https] },
  ]);
  t.same(pack({ addresses: [one], ports: [http] }, { addresses: [one], ports: [https] }), [
    { addresses: [one], ports: [http, https] },
  ]);
  t.same(pack({ addresses: [one, two], ports: [http] }, { notReadyAddresses: [two], ports: [http] }), [
    { addresses: [one], notReadyAddresses: [two], ports: [http] },
  ]);
  t.same(pack({ addresses: [three] }, { addresses: [one], ports: [http] }), [
    { addresses: [one], ports: [http] },
    { addresses: [three] },
  ]);
  const packed = pack({ addresses: [two, one], ports: [http] }, { addresses: [three], ports: [http, https] });
  t.same(pack(...(packed as object[])), packed, 'and once is enough');
  const many = Array.from({ length: 20_000 }, (_, index) => index + 1);
  const large = {
    addresses: many.map((index) => ({ ip: `10.0.${index >> 8}.${index & 255}` })),
    ports: many.map((index) => ({ name: `p${index}`, port: index })),
  };
  t.match(pack(large), [{ ports: { length: many.length } }], 'what is absurd stays as it is');
});

t.test('events are of the namespace of what they are about', async (t) => {
  const event = (fields: object): object => ({ kind: 'Event', apiVersion: 'v1', metadata, ...fields });
  t.same(refusals(events, event({ involvedObject: { namespace: 'd' } })), []);
  t.same(refusals(events, event({ involvedObject: { namespace: 'other' } })), [
    'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
  ]);
  t.same(refusals(events, event({ involvedObject: {} })), [
    'involvedObject.namespace: Invalid value: "": does not match event.namespace',
  ]);
});

t.test('events with a time of their own say who reports', async (t) => {
  const involvedObject = { namespace: 'd' };
  const event = { kind: 'Event', apiVersion: 'v1', metadata, involvedObject };
  const timed = { ...event, eventTime: '2026-01-01T00:00:00.000000Z' };
  const whole = { reportingComponent: 'example.com/c', reportingInstance: 'i', action: 'a', reason: 'r' };
  t.same(refusals(events, { ...timed, ...whole }), []);
  const missing = refusals(events, timed);
  for (const field of ['reportingComponent', 'reportingInstance', 'action', 'reason']) {
    t.ok(missing.includes(`${field}: Required value`), field);
  }
  t.same(refusals(events, { ...timed, ...whole, message: 'm'.repeat(1025) }), [
    'message: Invalid value: "": can have at most 1024 characters',
  ]);
});

const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const controller = (spec: object): object => ({
  ...{ kind: 'ReplicationController', apiVersion: 'v1', metadata, spec: { template, ...spec } },
});

t.test('a replication controller selects what it makes', async (t) => {
  t.match(filledIn(replicationControllers, controller({})), {
    metadata: { labels: { app: 'a' } },
    spec: { replicas: 1, selector: { app: 'a' }, template: { spec: { restartPolicy: 'Always' } } },
  });
});

t.test('replication controllers are refused in the words of the real server', async (t) => {
  for (const [spec, expected] of [
    [{}, []],
    [{ replicas: -1 }, ['spec.replicas: Invalid value: -1: must be greater than or equal to 0']],
    [
      { selector: { app: 'b' } },
      [
        'spec.template.metadata.labels: Invalid value: map[string]string{"app":"a"}: `selector` does not match template `labels`',
      ],
    ],
    [
      { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } },
      ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ],
    [{ template: undefined }, ['spec.selector: Required value', 'spec.template: Required value']],
  ] as const) {
    t.same(refusals(replicationControllers, controller(spec)), expected, JSON.stringify(spec));
  }
});

t.test('a replication controller is warned of when what it wants is new', async (t) => {
  const odd = { ...template, spec: { ...template.spec, terminationGracePeriodSeconds: -1 } };
  const object = filledIn(replicationControllers, controller({ template: odd }));
  const sentence =
    'spec.template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1';
  t.same(replicationControllers.warn?.(object, null), [sentence]);
  t.same(replicationControllers.warn?.(object, object), []);
  const later = { ...object, metadata: { ...object.metadata, generation: 2 } };
  t.same(replicationControllers.warn?.(later, object), [sentence]);
});

t.test('the status of a replication controller adds up', async (t) => {
  const object = filledIn(replicationControllers, controller({}));
  const next = { ...object, status: { replicas: 1, readyReplicas: 2 } };
  t.same(sentences(replicationControllers.checkStatusUpdate?.(next, object)), [
    'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
  ]);
});

t.test('a template is filled in, but for what only a pod has', async (t) => {
  t.same(fillInPodTemplate(template as JsonObject), {
    metadata: { labels: { app: 'a' } },
    spec: {
      containers: [
        {
          ...{ name: 'c', image: 'i', imagePullPolicy: 'Always' },
          ...{ terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' },
        },
      ],
      ...{ dnsPolicy: 'ClusterFirst', restartPolicy: 'Always', securityContext: {} },
      ...{ terminationGracePeriodSeconds: 30, schedulerName: 'default-scheduler' },
    },
  });
});

t.test('a template is refused at its own place', async (t) => {
  const filled = fillInPodTemplate({
    metadata: { labels: { app: 'b ad' }, annotations: { 'a/b/c': '' } },
    spec: { containers: [], ephemeralContainers: [{ name: 'e', image: 'i' }] },
  });
  t.match(sentences(checkPodTemplate(filled, 'spec.template')), [
    /^spec\.template\.labels: Invalid value: "b ad"/,
    /^spec\.template\.annotations: Invalid value: "a\/b\/c"/,
    'spec.template.spec.containers: Required value',
    'spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template',
  ]);
});

t.test('a template of its own is one', async (t) => {
  const object = { kind: 'PodTemplate', apiVersion: 'v1', metadata, template };
  t.same(refusals(podTemplates, object), []);
  t.same(refusals(podTemplates, { ...object, template: {} }), ['template.spec.containers: Required value']);
});
