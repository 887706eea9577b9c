import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { ApiObject } from '../apiserver/objects/object-bytes.ts';
import { arbitraryObject } from '../apiserver/schemas/testing/arbitrary-object.ts';
import { convertStored } from './convert.ts';
import { normalize, registry } from './testing/say.ts';

const v1 = { group: 'autoscaling', version: 'v1', kind: 'HorizontalPodAutoscaler' };
const v2 = { ...v1, version: 'v2' };
const coreEvent = { group: '', version: 'v1', kind: 'Event' };
const event = { ...coreEvent, group: 'events.k8s.io' };

function arbitrary(of: typeof v1): fc.Arbitrary<ApiObject> {
  const apiVersion = of.group === '' ? of.version : `${of.group}/${of.version}`;
  return arbitraryObject(registry.kind(of)!, 6).map((object) =>
    normalize({ metadata: {}, ...object, kind: of.kind, apiVersion }),
  );
}

t.test('an event says the same in both groups', async (t) => {
  fc.assert(
    fc.property(arbitrary(coreEvent), (object) => {
      const there = normalize(convertStored(object, event));
      assert.deepEqual(normalize(convertStored(there, coreEvent)), object);
    }),
  );
  fc.assert(
    fc.property(arbitrary(event), (object) => {
      const there = normalize(convertStored(object, coreEvent));
      assert.deepEqual(normalize(convertStored(there, event)), object);
    }),
  );
  t.match(
    convertStored(
      { kind: 'Event', apiVersion: 'v1', metadata: {}, message: 'm', involvedObject: { name: 'p' } },
      event,
    ),
    {
      ...{ apiVersion: 'events.k8s.io/v1', note: 'm', regarding: { name: 'p' } },
    },
  );
});

const cpu = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } },
};
const metric = { name: 'm', selector: { matchLabels: { a: 'b' } } };
const describedObject = { kind: 'Service', name: 's', apiVersion: 'v1' };
const autoscaler = {
  ...{ kind: 'HorizontalPodAutoscaler', apiVersion: 'autoscaling/v2' },
  metadata: { name: 'a', annotations: { own: 'kept' } },
  spec: {
    scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' },
    ...{ minReplicas: 1, maxReplicas: 4 },
    metrics: [
      { type: 'Pods', pods: { metric, target: { type: 'AverageValue', averageValue: '5' } } },
      { type: 'Object', object: { describedObject, metric, target: { type: 'Value', value: '7' } } },
      {
        type: 'Object',
        object: { describedObject, metric, target: { type: 'AverageValue', averageValue: '7' } },
      },
      { type: 'External', external: { metric, target: { type: 'Value', value: '9' } } },
      { type: 'External', external: { metric, target: { type: 'AverageValue', averageValue: '9' } } },
      {
        type: 'Resource',
        resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } },
      },
      {
        type: 'ContainerResource',
        containerResource: {
          name: 'cpu',
          container: 'c',
          target: { type: 'Utilization', averageUtilization: 5 },
        },
      },
      cpu,
    ],
    behavior: {
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: 'Max',
        policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }],
      },
      scaleDown: { policies: [{ type: 'Percent', value: 10, periodSeconds: 60 }] },
    },
  },
  status: {
    ...{
      observedGeneration: 2,
      currentReplicas: 1,
      desiredReplicas: 2,
      lastScaleTime: '2026-01-01T00:00:00Z',
    },
    currentMetrics: [
      { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 33, averageValue: '1' } } },
    ],
    conditions: [
      {
        type: 'AbleToScale',
        status: 'True',
        reason: 'R',
        message: 'm',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ],
  },
};

t.test('what v1 has no fields for is carried in annotations', async (t) => {
  const old = normalize(convertStored(autoscaler as ApiObject, v1));
  t.match(old, {
    apiVersion: 'autoscaling/v1',
    spec: { minReplicas: 1, maxReplicas: 4, targetCPUUtilizationPercentage: 60 },
    status: { currentReplicas: 1, desiredReplicas: 2, currentCPUUtilizationPercentage: 33 },
    metadata: { annotations: { own: 'kept' } },
  });
  const { annotations } = old.metadata as { annotations: Record<string, string> };
  t.equal(
    annotations['autoscaling.alpha.kubernetes.io/behavior'],
    '{"ScaleUp":{"StabilizationWindowSeconds":0,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":4,"PeriodSeconds":15}]},"ScaleDown":{"StabilizationWindowSeconds":null,"SelectPolicy":null,"Policies":[{"Type":"Percent","Value":10,"PeriodSeconds":60}]}}',
  );
  t.same(normalize(convertStored(old, v2)), normalize(autoscaler));
});

t.test('v1 is v2 and back', async (_t) => {
  fc.assert(
    fc.property(arbitrary(v1), fc.nat(100), (object, target) => {
      const spec = { ...(object.spec as object), targetCPUUtilizationPercentage: target };
      const sent = normalize({ ...object, spec });
      const there = normalize(convertStored(sent, v2));
      const back = normalize(convertStored(there, v1)) as unknown as {
        metadata: { annotations?: Record<string, string> };
      };
      const { 'autoscaling.alpha.kubernetes.io/current-metrics': _, ...annotations } =
        back.metadata.annotations ?? {};
      const { annotations: __, ...metadata } = back.metadata;
      const kept = Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations };
      assert.deepEqual(normalize({ ...back, metadata: kept }), sent);
    }),
  );
});

t.test('an autoscaler of v1 without a target gets the usual one', async (t) => {
  const plain = {
    kind: 'HorizontalPodAutoscaler',
    apiVersion: 'autoscaling/v1',
    metadata: {},
    spec: { maxReplicas: 3 },
  };
  t.match(convertStored(plain, v2).spec, { metrics: [{ resource: { target: { averageUtilization: 80 } } }] });
});

t.test('whatever stands in annotations, v2 comes of it', async (_t) => {
  const prefix = 'autoscaling.alpha.kubernetes.io';
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constant('[{"type":"Pods","pods":{"metricName":7}}]'),
    fc.constant('{"ScaleUp":[]}'),
    fc.constant('['.repeat(200_000)),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const names = ['metrics', 'behavior', 'current-metrics', 'conditions'];
      const annotations = Object.fromEntries(names.map((name) => [`${prefix}/${name}`, text]));
      const object = {
        kind: 'HorizontalPodAutoscaler',
        apiVersion: 'autoscaling/v1',
        metadata: { annotations },
        spec: {},
      };
      const there = convertStored(object, v2);
      assert.deepEqual(there.metadata, {});
    }),
  );
});

t.test('convertStored knows its ways', async (t) => {
  const object = { kind: 'Pod', apiVersion: 'v1', metadata: {} };
  t.equal(convertStored(object, { group: '', version: 'v1', kind: 'Pod' }), object);
  t.throws(() => convertStored(object, event), {
    message: 'there is no conversion v1 Pod -> events.k8s.io/v1 Event',
  });
});
