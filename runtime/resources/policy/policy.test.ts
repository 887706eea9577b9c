import t from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { ApiError } from '../../apiserver/status.ts';
import { patched, saidOfNew, saidOfStatus } from '../testing/say.ts';
import { budgetsOf, evictPod, withEvictionCondition } from './eviction.ts';
import { podDisruptionBudgets } from './pod-disruption-budgets.ts';

const budget = {
  ...{ kind: 'PodDisruptionBudget', apiVersion: 'policy/v1' },
  metadata: { name: 'b', namespace: 'd', generation: 1 },
  spec: { minAvailable: 1, selector: { matchLabels: { app: 'a' } } },
  status: {
    observedGeneration: 1,
    disruptionsAllowed: 1,
    currentHealthy: 2,
    desiredHealthy: 1,
    expectedPods: 2,
  },
};
const ready = [{ type: 'Ready', status: 'True' }];
const pod = {
  ...{ kind: 'Pod', apiVersion: 'v1', metadata: { name: 'p', namespace: 'd', labels: { app: 'a' } } },
  ...{ spec: {}, status: { phase: 'Running', conditions: ready } },
} as ApiObject;
const now = '2026-01-01T00:00:00Z';
const unready = { status: { conditions: [] } };

t.test('budgets', async (t) => {
  t.same(saidOfNew(podDisruptionBudgets, budget), []);
  const said = saidOfNew(
    podDisruptionBudgets,
    patched(budget, { spec: { maxUnavailable: '200%', unhealthyPodEvictionPolicy: 'X' } }),
  );
  t.match(said, [
    /^spec: Invalid value: policy\.PodDisruptionBudgetSpec\{.*\}: minAvailable and maxUnavailable cannot be both set$/,
    'spec.maxUnavailable: Invalid value: intstr.IntOrString{Type:1, IntVal:0, StrVal:"200%"}: must not be greater than 100%',
    'spec.unhealthyPodEvictionPolicy: Unsupported value: "X": supported values: "AlwaysAllow", "IfHealthyBudget"',
  ]);
  const conditions = [{ type: 'A', status: 'Maybe', reason: '', message: '', lastTransitionTime: now }];
  t.same(saidOfStatus(podDisruptionBudgets, budget, {}, { expectedPods: -1, conditions }), [
    'status.conditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
    'status.conditions[0].reason: Required value: must be set',
    'status.expectedPods: Invalid value: -1: must be greater than or equal to 0',
  ]);
});

t.test('evictPod takes one of what a budget allows', async (t) => {
  t.same(evictPod(pod, [budget as ApiObject], now), {
    ...{ kind: 'allow', keepsVersion: false },
    budget: {
      ...budget,
      status: {
        ...budget.status,
        disruptionsAllowed: 0,
        disruptedPods: { p: now },
        conditions: [
          {
            ...{ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods', message: '' },
            ...{ observedGeneration: 1, lastTransitionTime: now },
          },
        ],
      },
    },
  });
});

t.test('evictPod refuses what a budget does not allow', async (t) => {
  const refused = evictPod(pod, [patched(budget, { status: { disruptionsAllowed: 0 } })], now);
  t.ok(refused instanceof ApiError);
  t.match((refused as ApiError).toStatus(), {
    ...{ code: 429, reason: 'TooManyRequests' },
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    details: {
      causes: [
        {
          reason: 'DisruptionBudget',
          message: 'The disruption budget b needs 1 healthy pods and has 2 currently',
        },
      ],
    },
  });
  const stale = evictPod(pod, [patched(budget, { metadata: { generation: 2 } })], now) as ApiError;
  t.match(stale.details, {
    retryAfterSeconds: 10,
    causes: [{ message: 'The disruption budget b is still being processed by the server.' }],
  });
  t.equal((evictPod(pod, [budget, budget] as ApiObject[], now) as ApiError).code, 500);
  const below = patched(budget, { status: { disruptionsAllowed: -1 } });
  t.equal(
    (evictPod(pod, [below], now) as ApiError).message,
    'poddisruptionbudget.policy "b" is forbidden: pdb disruptions allowed is negative',
  );
});

const free = { kind: 'allow', budget: null };
const spent = patched(budget, { status: { disruptionsAllowed: 0, currentHealthy: 0 } });
const eager = patched(spent, { spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } });
const cases: readonly (readonly [name: string, pod: object, budgets: readonly object[], allowed: object])[] =
  [
    ['nothing concerned', {}, [], { ...free, keepsVersion: false }],
    ['a pod that is over', { status: { phase: 'Failed' } }, [spent], { ...free, keepsVersion: false }],
    ['a pod that waits', { status: { phase: 'Pending' } }, [spent, spent], { ...free, keepsVersion: true }],
    ['a pod that goes', { metadata: { deletionTimestamp: now } }, [spent], { ...free, keepsVersion: false }],
    ['an unhealthy pod of healthy ones', unready, [budget], { ...free, keepsVersion: true }],
    ['an unhealthy pod, always', unready, [eager], { ...free, keepsVersion: true }],
  ];
for (const [name, change, budgets, allowed] of cases) {
  t.test(`evictPod allows ${name}`, async (t) => {
    t.same(evictPod(patched(pod, change), budgets as ApiObject[], now), allowed);
  });
}
t.test('evictPod refuses an unhealthy pod of unhealthy ones', async (t) => {
  t.ok(evictPod(patched(pod, unready), [spent], now) instanceof ApiError);
});

t.test('budgetsOf finds the budgets that a pod counts in', async (t) => {
  const others = [
    patched(budget, { metadata: { namespace: 'x' } }),
    patched(budget, { spec: { selector: { matchLabels: { app: 'b' } } } }),
    patched(budget, { spec: { selector: { matchExpressions: [{ key: 'a', operator: 'Never' }] } } }),
    patched(budget, { spec: { selector: null } }),
  ];
  const all = patched(budget, { spec: { selector: { matchLabels: null } } });
  t.same(budgetsOf(pod, [budget as ApiObject, ...others, all]), [budget, all]);
});

t.test('withEvictionCondition says why a pod ends', async (t) => {
  const marked = withEvictionCondition(pod, now);
  const later = withEvictionCondition(marked, '2027-01-01T00:00:00Z');
  t.same(later, marked, 'once');
  t.match((marked.status as { conditions: object[] }).conditions, [
    ready[0],
    { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', lastTransitionTime: now },
  ]);
});
