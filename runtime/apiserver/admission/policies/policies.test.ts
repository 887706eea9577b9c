import t from 'tap';
import { ApiError } from '../../status.ts';
import { celConditions } from '../expressions/evaluate-condition.ts';
import type { Asked } from '../plugin.ts';
import { ask, readsOf } from '../testing/ask.ts';
import { admissionPolicies } from './policy-plugin.ts';

const pod = {
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'x', labels: { app: 'web' } },
  spec: { replicas: 5 },
};
const rules = [
  { operations: ['CREATE', 'UPDATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] },
];
const limits = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'limits' }, data: { most: '3' } };

function open(spec: object, binding: object = {}) {
  const reads = readsOf({
    'namespaces d': { metadata: { name: 'd', labels: { team: 'a' } } },
    'policies p': { metadata: { name: 'p' }, spec: { matchConstraints: { resourceRules: rules }, ...spec } },
    'policyBindings b': {
      metadata: { name: 'b' },
      spec: { policyName: 'p', validationActions: ['Deny'], ...binding },
    },
  });
  const plugin = admissionPolicies({
    reads,
    authorizer: async () => (attributes) => ({
      isAllowed:
        attributes.kind === 'resource' && attributes.verb === 'get' && attributes.resource === 'secrets',
      reason: '',
    }),
    equivalents: () => [],
    findParams: async ({ kind }, _, name) =>
      kind === 'ConfigMap' ? { isNamespaced: true, objects: name === 'limits' ? [limits] : [] } : null,
  });
  return async (asked: Asked = ask('pods', pod)) => {
    const warnings: string[] = [];
    const notes: Record<string, string> = {};
    const annotate = (key: string, value: string) => {
      notes[key] = value;
    };
    try {
      await plugin.validate?.({ ...asked, annotate, warn: (sentence) => warnings.push(sentence) });
      return { said: '', code: 200, warnings, notes };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { said: error.message, code: error.code, warnings, notes };
    }
  };
}

const head = `pods "x" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: `;

t.test('a policy refuses what does not fit', async (t) => {
  const validations = [{ expression: 'object.spec.replicas <= 3' }];
  t.match(await open({ validations })(), {
    said: `${head}failed expression: object.spec.replicas <= 3`,
    code: 422,
  });
  t.match(await open({ validations: [{ expression: 'object.spec.replicas <= 9' }] })(), { said: '' });
  t.match(await open({ validations: [{ ...validations[0], message: 'too many', reason: 'Forbidden' }] })(), {
    ...{ said: `${head}too many`, code: 403 },
  });
  const made = {
    ...validations[0],
    message: 'm',
    messageExpression: '"not " + string(object.spec.replicas)',
  };
  t.match(await open({ validations: [made] })(), { said: `${head}not 5` });
  t.match(await open({ validations: [{ ...made, messageExpression: '1/0 == 1 ? "a" : "b"' }] })(), {
    said: `${head}m`,
  });
  t.match(await open({ validations }, { validationActions: ['Warn'] })(), {
    said: '',
    warnings: [
      "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': failed expression: object.spec.replicas <= 3",
    ],
  });
  const audited = {
    validations,
    auditAnnotations: [{ key: 'n', valueExpression: 'string(object.spec.replicas)' }],
  };
  const { said, notes } = await open(audited, { validationActions: ['Audit'] })();
  t.equal(said, '');
  t.equal(notes['p/n'], '5');
  t.match(JSON.parse(notes['validation.policy.admission.k8s.io/validation_failure'] ?? ''), [
    {
      policy: 'p',
      binding: 'b',
      expressionIndex: 0,
      message: 'failed expression: object.spec.replicas <= 3',
    },
  ]);
});

t.test('what a policy sees', async (t) => {
  const holds = async (expression: string, more: object = {}, binding: object = {}) =>
    (await open({ validations: [{ expression }], ...more }, binding)()).said === '';
  for (const expression of [
    'oldObject == null && request.operation == "CREATE" && request.userInfo.username == "jane"',
    'namespaceObject.metadata.labels.team == "a"',
    'authorizer.group("").resource("secrets").namespace("d").check("get").allowed()',
    '!authorizer.group("").resource("secrets").check("delete").allowed()',
    'params == null',
  ]) {
    t.ok(await holds(expression), expression);
  }
  const variables = [
    { name: 'replicas', expression: 'object.spec.replicas' },
    { name: 'twice', expression: 'variables.replicas * 2' },
  ];
  t.ok(await holds('variables.twice == 10', { variables }));
  const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
  const paramRef = { name: 'limits', parameterNotFoundAction: 'Deny' };
  t.ok(await holds('params.data.most == "3"', { paramKind }, { paramRef }));
  t.notOk(await holds('object.spec.replicas <= int(params.data.most)', { paramKind }, { paramRef }));
  const missing = { ...paramRef, name: 'none' };
  t.match(await open({ validations: [], paramKind }, { paramRef: missing })(), {
    said: /no params found for policy binding/,
  });
  t.match(
    await open(
      { validations: [], paramKind },
      { paramRef: { ...missing, parameterNotFoundAction: 'Allow' } },
    )(),
    { said: '' },
  );
  t.match(await open({ validations: [], paramKind: { ...paramKind, kind: 'No' } }, { paramRef })(), {
    said: /failed to find resource referenced by paramKind: 'v1, Kind=No'/,
  });
});

t.test('expressions that fail, and whom a policy is about', async (t) => {
  const broken = [{ expression: 'object.spec.missing == 1' }];
  t.match(await open({ validations: broken })(), {
    said: /expression 'object.spec.missing == 1' resulted in error: no such key: missing/,
  });
  t.match(await open({ validations: broken, failurePolicy: 'Ignore' })(), { said: '' });
  t.match(await open({ validations: [{ expression: 'object.(' }] })(), {
    said: /compilation error: compilation failed: /,
  });
  const never = [{ expression: 'false' }];
  t.match(
    await open({ validations: never, matchConditions: [{ name: 'c', expression: 'request.name == "y"' }] })(),
    { said: '' },
  );
  t.match(
    await open(
      { validations: never },
      { matchResources: { namespaceSelector: { matchLabels: { team: 'b' } } } },
    )(),
    { said: '' },
  );
  t.match(
    await open(
      { validations: never },
      { matchResources: { objectSelector: { matchLabels: { app: 'web' } } } },
    )(),
    { said: /failed expression/ },
  );
  t.match(
    await open({
      validations: never,
      matchConstraints: { resourceRules: rules, excludeResourceRules: rules },
    })(),
    { said: '' },
  );
  t.match(await open({ validations: never })(ask('secrets', {})), { said: '' });
});

t.test('celConditions evaluates conditions of webhooks', async (t) => {
  const evaluate = celConditions(async () => () => ({ isAllowed: false, reason: '' }));
  t.equal(await evaluate('object.metadata.labels.app == "web"', ask('pods', pod)), true);
  t.equal(await evaluate('request.operation == "DELETE"', ask('pods', pod)), false);
  await t.rejects(evaluate('object.none', ask('pods', pod)) as Promise<boolean>, { name: 'ExpressionError' });
});
