import t from 'tap';
import { filled, patched, saidOfNew, saidOfStatus } from '../testing/say.ts';
import {
  mandatoryFlowSchemas,
  mandatoryPriorityLevels,
  suggestedFlowSchemas,
  suggestedPriorityLevels,
} from './default-objects.ts';
import { flowSchemas } from './flow-schemas.ts';
import { priorityLevels } from './priority-levels.ts';

t.test('what the server makes for itself is well, and complete', async (t) => {
  const schemas = [...mandatoryFlowSchemas, ...suggestedFlowSchemas];
  const levels = [...mandatoryPriorityLevels, ...suggestedPriorityLevels];
  for (const schema of schemas) {
    t.same(saidOfNew(flowSchemas, schema), [], schema.metadata?.name ?? '');
    const { name } = schema.spec!.priorityLevelConfiguration;
    t.ok(
      levels.some(({ metadata }) => metadata?.name === name),
      name,
    );
  }
  for (const level of levels) {
    t.same(saidOfNew(priorityLevels, level), [], level.metadata?.name ?? '');
    t.same(filled(priorityLevels, level).spec, level.spec, 'nothing is left open');
  }
  t.equal(new Set([...schemas, ...levels].map((one) => `${one.kind} ${one.metadata?.name}`)).size, 21);
});

const [catchAll, exempt] = mandatoryPriorityLevels as [object, object];

t.test('mandatory objects stay as they are', async (t) => {
  t.match(saidOfNew(flowSchemas, patched(mandatoryFlowSchemas[1]!, { spec: { matchingPrecedence: 9 } })), [
    /^spec: Invalid value: .*: spec of 'catch-all' must equal the fixed value$/,
  ]);
  t.match(saidOfNew(priorityLevels, patched(catchAll, { spec: { limited: { lendablePercent: 1 } } })), [
    /: spec of 'catch-all' must equal the fixed value$/,
  ]);
  t.same(
    saidOfNew(priorityLevels, patched(exempt, { spec: { exempt: { nominalConcurrencyShares: 9 } } })),
    [],
  );
  t.match(saidOfNew(priorityLevels, patched(exempt, { spec: { type: 'Limited' } })), [
    `spec.type: Invalid value: "Limited": type must be 'Exempt' if and only if name is 'exempt'`,
    'spec.exempt: Forbidden: must be nil if the type is Limited',
    'spec.limited: Required value: must not be empty when type is Limited',
    /: spec of 'exempt' except the 'spec\.exempt' field must equal the fixed value$/,
  ]);
});

const level = (limited: object) => ({
  ...{
    kind: 'PriorityLevelConfiguration',
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    metadata: { name: 'l' },
  },
  spec: { type: 'Limited', limited },
});
const queue = (queuing: object) => level({ limitResponse: { type: 'Queue', queuing } });

t.test('priority levels', async (t) => {
  t.same(filled(priorityLevels, queue({})).spec, {
    type: 'Limited',
    limited: {
      ...{ nominalConcurrencyShares: 30, lendablePercent: 0 },
      limitResponse: { type: 'Queue', queuing: { queues: 64, handSize: 8, queueLengthLimit: 50 } },
    },
  });
  t.same(
    saidOfNew(
      priorityLevels,
      level({ lendablePercent: 101, nominalConcurrencyShares: -1, limitResponse: { type: 'X' } }),
    ),
    [
      'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
      'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
      'spec.limited.limitResponse.type: Unsupported value: "X": supported values: "Queue", "Reject"',
    ],
  );
  t.same(saidOfNew(priorityLevels, queue({ queues: 4, handSize: 5 })), [
    'spec.limited.limitResponse.queuing.handSize: Invalid value: 5: should not be greater than queues (4)',
  ]);
  t.same(saidOfNew(priorityLevels, queue({ queues: 1024, handSize: 7 })), [
    'spec.limited.limitResponse.queuing.handSize: Invalid value: 7: required entropy bits of deckSize 1024 and handSize 7 should not be greater than 60',
  ]);
  t.same(saidOfStatus(priorityLevels, queue({}), {}, { conditions: [{ type: '' }] }), [
    'status.conditions[0].type: Required value: must not be empty',
  ]);
});

const user = { kind: 'User', user: { name: 'u' } };
const schema = (rule: object, spec: object = {}) => ({
  ...{ kind: 'FlowSchema', apiVersion: 'flowcontrol.apiserver.k8s.io/v1', metadata: { name: 's' } },
  spec: { priorityLevelConfiguration: { name: 'l' }, rules: [rule], ...spec },
});
const paths = { nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/a/*'] }] };
const at = 'spec.rules[0]';
const cases: readonly (readonly [schema: object, ...said: readonly string[]])[] = [
  [schema({ subjects: [user], ...paths })],
  [
    schema({ subjects: [] }),
    `${at}.subjects: Required value: subjects must contain at least one value`,
    `${at}: Required value: at least one of resourceRules and nonResourceRules has to be non-empty`,
  ],
  [
    schema({ subjects: [{ ...user, group: { name: 'g' } }, { kind: 'Group' }, { kind: 'X' }], ...paths }),
    `${at}.subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'`,
    `${at}.subjects[1].group: Required value: group is required when subject kind is 'Group'`,
    `${at}.subjects[2].kind: Unsupported value: "X": supported values: "Group", "ServiceAccount", "User"`,
  ],
  [
    schema({ subjects: [user], nonResourceRules: [{ verbs: ['*', 'get'], nonResourceURLs: ['a', '/*/b'] }] }),
    `${at}.nonResourceRules[0].verbs: Invalid value: []string{"*", "get"}: if '*' is present, must not specify other verbs`,
    `${at}.nonResourceRules[0].nonResourceURLs[0]: Invalid value: "a": must start with slash`,
    `${at}.nonResourceRules[0].nonResourceURLs[1]: Invalid value: "/*/b": wildcard can only do suffix matching`,
  ],
  [
    schema({ subjects: [user], resourceRules: [{ verbs: ['look'], apiGroups: [''], resources: ['pods'] }] }),
    `${at}.resourceRules[0].verbs: Unsupported value: []string{"look"}: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"`,
    `${at}.resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace`,
  ],
  [
    schema(
      { subjects: [user], ...paths },
      { matchingPrecedence: 1, distinguisherMethod: { type: 'X' }, priorityLevelConfiguration: {} },
    ),
    "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
    'spec.distinguisherMethod.type: Unsupported value: "X": supported values: "ByNamespace", "ByUser"',
    'spec.priorityLevelConfiguration.name: Required value: must reference a priority level',
  ],
];
for (const [object, ...said] of cases) {
  t.test(JSON.stringify(object), async (t) => t.same(saidOfNew(flowSchemas, object), said));
}

t.test('a flow schema stands in the middle', async (t) => {
  t.match(filled(flowSchemas, schema({ subjects: [user], ...paths })).spec, { matchingPrecedence: 1000 });
});
