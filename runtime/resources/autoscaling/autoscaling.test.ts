import t from 'tap';
import { filled, patched, saidOfNew, saidOfStatus } from '../testing/say.ts';
import { horizontalPodAutoscalers } from './horizontal-pod-autoscalers.ts';

const v2 = {
  ...{ kind: 'HorizontalPodAutoscaler', apiVersion: 'autoscaling/v2', metadata: { name: 'a' } },
  spec: { scaleTargetRef: { kind: 'Deployment', name: 'd' }, maxReplicas: 3 },
};
const v1 = { ...v2, apiVersion: 'autoscaling/v1' };

t.test('an autoscaler is filled in, by its version', async (t) => {
  t.same(filled(horizontalPodAutoscalers, v1).spec, { ...v2.spec, minReplicas: 1 });
  const target = { type: 'Utilization', averageUtilization: 80 };
  const metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }];
  t.same(filled(horizontalPodAutoscalers, v2).spec, { ...v2.spec, minReplicas: 1, metrics });
  const behavior = { scaleUp: { stabilizationWindowSeconds: 9 } };
  t.match(filled(horizontalPodAutoscalers, patched(v2, { spec: { behavior } })).spec, {
    behavior: {
      scaleUp: {
        stabilizationWindowSeconds: 9,
        selectPolicy: 'Max',
        policies: [{ type: 'Pods', value: 4 }, { type: 'Percent' }],
      },
      scaleDown: { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
    },
  });
});

const metric = (change: object) => ({ metrics: [change] });
const at = 'spec.metrics[0]';
const types = '"ContainerResource", "External", "Object", "Pods", "Resource"';
const target = { type: 'Value', value: '1' };
const cases: readonly (readonly [spec: object, ...said: readonly string[]])[] = [
  [{}],
  [
    { minReplicas: 0, maxReplicas: 0 },
    'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
    'spec.maxReplicas: Invalid value: 0: must be greater than 0',
    'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
  ],
  [{ minReplicas: 5 }, 'spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`'],
  [
    { scaleTargetRef: { kind: 'a/b', name: '' } },
    'spec.scaleTargetRef.kind: Invalid value: "a/b": may not contain \'/\'',
    'spec.scaleTargetRef.name: Required value',
  ],
  [
    metric({ type: 'Magic' }),
    `${at}.type: Unsupported value: "Magic": supported values: ${types}`,
    `${at}.type: Unsupported value: "Magic": supported values: ${types}`,
  ],
  [
    metric({ type: 'Pods' }),
    `${at}.pods: Required value: must populate information for the given metric source`,
  ],
  [
    metric({
      type: 'External',
      external: { metric: { name: 'm' }, target },
      pods: { metric: { name: 'm' }, target },
    }),
    `${at}.pods: Forbidden: must populate the given metric source only`,
  ],
  [
    metric({
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 0 } },
    }),
    `${at}.resource.target.averageUtilization: Invalid value: 0: must be greater than 0`,
  ],
  [
    metric({ type: 'Pods', pods: { metric: { name: '' }, target: { type: 'X', averageValue: '-1' } } }),
    `${at}.pods.metric.name: Required value: must specify a metric name`,
    `${at}.pods.target.type: Invalid value: "X": must be either Utilization, Value, or AverageValue`,
    `${at}.pods.target.averageValue: Invalid value: resource.Quantity{i:resource.int64Amount{value:-1, scale:0}, d:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:"-1", Format:"DecimalSI"}: must be positive`,
  ],
  [
    metric({ type: 'ContainerResource', containerResource: { name: 'cpu', target: { type: 'Value' } } }),
    `${at}.containerResource.container: Required value: must specify a container`,
    `${at}.containerResource.target.averageUtilization: Required value: must set either a target raw value or a target utilization`,
  ],
  [
    { behavior: { scaleDown: { stabilizationWindowSeconds: 3601, selectPolicy: 'Some', policies: [] } } },
    'spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600',
    'spec.behavior.scaleDown.selectPolicy: Unsupported value: "Some": supported values: "Disabled", "Max", "Min"',
  ],
  [
    { behavior: { scaleUp: { policies: [{ type: 'Nodes', value: 0, periodSeconds: 1801 }] } } },
    'spec.behavior.scaleUp.policies[0].type: Unsupported value: "Nodes": supported values: "Percent", "Pods"',
    'spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero',
    'spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800',
  ],
];

for (const [spec, ...said] of cases) {
  t.test(`an autoscaler with ${JSON.stringify(spec)}`, async (t) => {
    t.same(saidOfNew(horizontalPodAutoscalers, patched(v2, { spec })), said);
  });
}

t.test('an autoscaler of v1 is checked as what it means', async (t) => {
  t.same(saidOfNew(horizontalPodAutoscalers, patched(v1, { spec: { targetCPUUtilizationPercentage: 0 } })), [
    `${at}.resource.target.averageUtilization: Invalid value: 0: must be greater than 0`,
  ]);
  t.same(saidOfStatus(horizontalPodAutoscalers, v1, {}, { desiredReplicas: -1 }), [
    'status.desiredReplicas: Invalid value: -1: must be greater than or equal to 0',
  ]);
});
