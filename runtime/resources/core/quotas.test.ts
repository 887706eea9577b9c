import t from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { filledIn, refusals, sentences } from '../testing/written.ts';
import { limitRanges } from './limit-ranges.ts';
import { resourceQuotas } from './resource-quotas.ts';

const metadata = { name: 'a', namespace: 'd' };
const quota = (spec: object): object => ({ kind: 'ResourceQuota', apiVersion: 'v1', metadata, spec });
const range = (...limits: object[]): object => ({
  kind: 'LimitRange',
  apiVersion: 'v1',
  metadata,
  spec: { limits },
});

t.test('quotas are refused in the words of the real server', async (t) => {
  const scopes = 'spec.scopes: Invalid value: []core.ResourceQuotaScope';
  for (const [spec, expected] of [
    [{ hard: { pods: '10', 'requests.cpu': '1500m', 'count/jobs.batch': '3' } }, []],
    [{ hard: { pods: '1500m' } }, ['spec.hard[pods]: Invalid value: "1500m": must be an integer']],
    [{ hard: { cpu: '-1' } }, ['spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0']],
    [
      { hard: { apples: '1' } },
      [
        'spec.hard[apples]: Invalid value: "apples": must be a standard resource type or fully qualified',
        'spec.hard[apples]: Invalid value: "apples": must be a standard resource for quota',
      ],
    ],
    [
      { hard: { storage: '1' } },
      ['spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota'],
    ],
    [{ hard: { pods: '1' }, scopes: ['BestEffort'] }, []],
    [{ scopes: ['Odd'] }, [`${scopes}{"Odd"}: unsupported scope`]],
    [
      { hard: { cpu: '1' }, scopes: ['BestEffort'] },
      [`${scopes}{"BestEffort"}: unsupported scope applied to resource`],
    ],
    [
      { scopes: ['Terminating', 'NotTerminating'] },
      [`${scopes}{"Terminating", "NotTerminating"}: conflicting scopes`],
    ],
    [
      { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In' }] } },
      [
        "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
      ],
    ],
  ] as const) {
    t.same(refusals(resourceQuotas, quota(spec)), expected, JSON.stringify(spec));
  }
});

t.test('scopes of a quota do not change', async (t) => {
  const [old, next] = [quota({ scopes: ['BestEffort'] }), quota({ scopes: ['Terminating'] })] as ApiObject[];
  t.same(sentences(resourceQuotas.checkUpdate?.(next!, old!)), [
    'spec.scopes: Invalid value: []core.ResourceQuotaScope{"Terminating"}: field is immutable',
  ]);
  t.same(resourceQuotas.checkUpdate?.(old!, old!), []);
});

t.test('limits of containers are filled in from what is at most', async (t) => {
  const filled = filledIn(
    limitRanges,
    range({ type: 'Container', max: { cpu: '2' }, min: { memory: '1Mi' }, default: { memory: '1Gi' } }),
  );
  t.match((filled.spec as { limits: object[] }).limits[0], {
    default: { cpu: '2', memory: '1Gi' },
    defaultRequest: { cpu: '2', memory: '1Gi' },
  });
});

t.test('limit ranges are refused in the words of the real server', async (t) => {
  const at = 'spec.limits[0]';
  for (const [item, expected] of [
    [{ type: 'Pod', max: { cpu: '2' }, min: { cpu: '1' } }, []],
    [
      { type: 'Pod', max: { cpu: '1' }, min: { cpu: '2' } },
      [`${at}.min[cpu]: Invalid value: "2": min value 2 is greater than max value 1`],
    ],
    [
      { type: 'Pod', default: { cpu: '1' } },
      [`${at}.default: Forbidden: may not be specified when \`type\` is 'Pod'`],
    ],
    [{ type: 'Box' }, [`${at}.type: Invalid value: "Box": must be a standard limit type or fully qualified`]],
    [
      { type: 'PersistentVolumeClaim' },
      [
        `${at}.limits: Required value: either minimum or maximum storage value is required, but neither was provided`,
      ],
    ],
    [
      { type: 'Pod', maxLimitRequestRatio: { cpu: '500m' } },
      [`${at}.maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1`],
    ],
    [
      { type: 'Pod', max: { cpu: '2' }, min: { cpu: '1' }, maxLimitRequestRatio: { cpu: '3' } },
      [`${at}.maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000`],
    ],
    [
      { type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '2' } },
      [
        `${at}.defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1`,
      ],
    ],
  ] as const) {
    t.same(refusals(limitRanges, range(item)), expected, JSON.stringify(item));
  }
  t.same(refusals(limitRanges, range({ type: 'Pod' }, { type: 'Pod' })), [
    'spec.limits[1].type: Duplicate value: "Pod"',
  ]);
});
