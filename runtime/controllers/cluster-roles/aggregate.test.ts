import t from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { planAggregation } from './aggregate.ts';

const rule = (resource: string) => ({ verbs: ['get'], apiGroups: [''], resources: [resource] });

function role(
  name: string,
  labels: Readonly<Record<string, string>>,
  resources: readonly string[],
): ApiObject {
  const head = { kind: 'ClusterRole', apiVersion: 'rbac.authorization.k8s.io/v1' };
  return { ...head, metadata: { name, labels }, rules: resources.map(rule) };
}

const clusterRoleSelectors = [{ matchLabels: { to: 'view' } }, { matchLabels: { also: 'yes' } }];
const view: ApiObject = {
  ...role('view', { to: 'view' }, ['own']),
  aggregationRule: { clusterRoleSelectors },
};
const others = [
  role('c', { also: 'yes' }, ['pods', 'c']),
  role('b', { to: 'view' }, ['pods', 'b']),
  role('a', { to: 'view' }, ['a', 'a']),
  role('z', { to: 'edit' }, ['secrets']),
];

t.test(
  'planAggregation gathers each rule once, by selectors and then by names, and none of its own',
  async (t) => {
    const rules = ['a', 'pods', 'b', 'c'].map(rule);
    const body = { metadata: { name: 'view' }, rules };
    t.match(planAggregation({ role: view, all: [view, ...others] }), [
      { kind: 'patch', patch: { kind: 'apply', force: true, body } },
    ]);
    t.same(planAggregation({ role: { ...view, rules }, all: [view, ...others] }), []);
  },
);

t.test('planAggregation leaves other roles alone, and empties what gathers nothing', async (t) => {
  t.same(planAggregation({ role: others[0] as ApiObject, all: others }), []);
  t.same(planAggregation({ role: null, all: others }), []);
  t.match(planAggregation({ role: view, all: [view] }), [{ patch: { body: { rules: [] } } }]);
});
