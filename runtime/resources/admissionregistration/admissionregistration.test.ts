import t from 'tap';
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import { filled, patched, saidOfNew, saidOfStatus } from '../testing/say.ts';
import { validatingAdmissionPolicies as policies } from './policies.ts';
import { validatingAdmissionPolicyBindings as bindings } from './policy-bindings.ts';
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from './webhooks.ts';

const apiVersion = 'admissionregistration.k8s.io/v1';
const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };
const webhook = {
  ...{ name: 'w.example.com', sideEffects: 'None', admissionReviewVersions: ['v1'], rules: [rule] },
  clientConfig: { service: { name: 's', namespace: 'd' } },
};
const configuration = (kind: string, ...webhooks: readonly object[]) => ({
  ...{ kind, apiVersion, metadata: { name: 'c' }, webhooks },
});
const said = (change: object, strategy: Strategy = validatingWebhookConfigurations): readonly string[] =>
  saidOfNew(strategy, configuration('ValidatingWebhookConfiguration', { ...webhook, ...change }));

t.test('webhooks are filled in', async (t) => {
  const usual = {
    ...{ failurePolicy: 'Fail', matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} },
    ...{ timeoutSeconds: 10, rules: [{ scope: '*' }], clientConfig: { service: { port: 443 } } },
  };
  const validating = filled(
    validatingWebhookConfigurations,
    configuration('ValidatingWebhookConfiguration', webhook),
  );
  t.match(validating.webhooks, [usual]);
  const mutating = filled(
    mutatingWebhookConfigurations,
    configuration('MutatingWebhookConfiguration', webhook),
  );
  t.match(mutating.webhooks, [{ ...usual, reinvocationPolicy: 'Never' }]);
  t.same(
    saidOfNew(mutatingWebhookConfigurations, configuration('MutatingWebhookConfiguration', webhook)),
    [],
  );
});

const rules = (change: object) => ({ rules: [{ ...rule, ...change }] });
const at = 'webhooks[0]';
const cases: readonly (readonly [change: object, ...said: readonly string[]])[] = [
  [{}],
  [
    { name: 'w' },
    `${at}.name: Invalid value: "w": should be a domain with at least three segments separated by dots`,
  ],
  [
    { sideEffects: 'Some', failurePolicy: 'X', timeoutSeconds: 31 },
    `${at}.failurePolicy: Unsupported value: "X": supported values: "Fail", "Ignore"`,
    `${at}.sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"`,
    `${at}.timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds`,
  ],
  [{ clientConfig: {} }, `${at}.clientConfig: Required value: exactly one of url or service is required`],
  [
    { clientConfig: { url: 'http://u:p@h/?q#f' } },
    `${at}.clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
    `${at}.clientConfig.url: Invalid value: "u:p": user information is not permitted in the URL`,
    `${at}.clientConfig.url: Invalid value: "f": fragments are not permitted in the URL`,
    `${at}.clientConfig.url: Invalid value: "q": query parameters are not permitted in the URL`,
  ],
  [
    { clientConfig: { service: { name: 's', namespace: 'd', path: '/a//B', port: 0 } } },
    `${at}.clientConfig.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive`,
    `${at}.clientConfig.service.path: Invalid value: "/a//B": segment[1] may not be empty`,
  ],
  [
    { admissionReviewVersions: ['v2', 'v2'] },
    `${at}.admissionReviewVersions[1]: Invalid value: "v2": duplicate version`,
    `${at}.admissionReviewVersions: Invalid value: []string{"v2", "v2"}: must include at least one of v1, v1beta1`,
  ],
  [
    rules({ operations: ['*', 'X'], resources: ['*', 'pods'] }),
    `${at}.rules[0].operations: Invalid value: []admissionregistration.OperationType{"*", "X"}: if '*' is present, must not specify other operations`,
    `${at}.rules[0].operations[1]: Unsupported value: "X": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"`,
    `${at}.rules[0].resources: Invalid value: []string{"*", "pods"}: if '*' is present, must not specify other resources without subresources`,
  ],
  [
    rules({ apiGroups: [], resources: ['pods/*', 'pods/log'], scope: 'Some' }),
    `${at}.rules[0].apiGroups: Required value`,
    `${at}.rules[0].resources[1]: Invalid value: "pods/log": if 'pods/*' is present, must not specify pods/log`,
    `${at}.rules[0].scope: Unsupported value: "Some": supported values: "*", "Cluster", "Namespaced"`,
  ],
  [
    {
      matchConditions: [
        { name: 'a', expression: ' ' },
        { name: 'a', expression: 'true' },
      ],
    },
    `${at}.matchConditions[0].expression: Required value`,
    `${at}.matchConditions[1].name: Duplicate value: "a"`,
  ],
];
for (const [change, ...expected] of cases) {
  t.test(`a webhook with ${JSON.stringify(change)}`, async (t) => {
    const found = said(change).filter((sentence) => !sentence.includes('RFC 1123'));
    t.same(found, expected);
  });
}

t.test('names of webhooks differ', async (t) => {
  t.same(
    saidOfNew(
      validatingWebhookConfigurations,
      configuration('ValidatingWebhookConfiguration', webhook, webhook),
    ),
    ['webhooks[1].name: Duplicate value: "w.example.com"'],
  );
});

const policy = {
  ...{ kind: 'ValidatingAdmissionPolicy', apiVersion, metadata: { name: 'p' } },
  spec: { matchConstraints: { resourceRules: [rule] }, validations: [{ expression: 'true' }] },
};
const policyCases: readonly (readonly [spec: object, ...said: readonly (string | RegExp)[]])[] = [
  [{}],
  [
    { validations: null },
    'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
    'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
  ],
  [{ matchConstraints: null }, 'spec.matchConstraints: Required value'],
  [{ matchConstraints: { resourceRules: null } }, 'spec.matchConstraints.resourceRules: Required value'],
  [
    { validations: [{ expression: '', message: 'a\nb', messageExpression: ' ', reason: 'Because' }] },
    'spec.validations[0].expression: Required value: expression is not specified',
    'spec.validations[0].messageExpression: Invalid value: " ": must be non-empty if specified',
    'spec.validations[0].message: Invalid value: "a\\nb": message must not contain line breaks',
    'spec.validations[0].reason: Unsupported value: "Because": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"',
  ],
  [
    {
      variables: [
        { name: 'in', expression: '1' },
        { name: ' ', expression: '' },
      ],
    },
    'spec.variables[0].name: Invalid value: "in": name is not a valid CEL identifier',
    'spec.variables[1].name: Required value: name is not specified',
    'spec.variables[1].expression: Required value: expression is not specified',
  ],
  [
    { paramKind: { apiVersion: 'a/b/c', kind: '' } },
    'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
    'spec.paramKind.kind: Required value',
  ],
  [
    {
      auditAnnotations: [
        { key: 'k', valueExpression: '' },
        { key: 'k', valueExpression: '1' },
        { key: 'l', valueExpression: 'null' },
      ],
    },
    'spec.auditAnnotations[0].valueExpression: Required value: valueExpression is not specified',
    'spec.auditAnnotations[1].valueExpression: Invalid value: "1": must evaluate to one of [string null_type]',
    'spec.auditAnnotations[1].key: Duplicate value: "k"',
  ],
  [
    {
      variables: [
        { name: 'count', expression: 'size(object.spec.containers)' },
        { name: 'twice', expression: 'variables.count * 2' },
      ],
      validations: [
        { expression: 'variables.twice < 10', messageExpression: '"has " + string(variables.count)' },
        { expression: 'authorizer.group("").resource("pods").check("get").allowed()' },
      ],
      matchConditions: [{ name: 'a', expression: 'request.operation == "CREATE"' }],
    },
  ],
  [
    { variables: [{ name: 'a', expression: 'variables.a' }] },
    'spec.variables[0].expression: Invalid value: "variables.a": compilation failed: ERROR: <input>:1:10: undefined field \'a\'\n | variables.a\n | .........^',
  ],
  [
    {
      validations: [
        { expression: 'object.', messageExpression: '1' },
        { expression: 'size(object.spec)' },
        { expression: 'params.most > 1', messageExpression: 'string(authorizer)' },
      ],
    },
    /^spec.validations\[0\].expression: Invalid value: "object.": compilation failed: ERROR: <input>:1:8: Syntax error/,
    'spec.validations[0].messageExpression: Invalid value: "1": must evaluate to string',
    'spec.validations[1].expression: Invalid value: "size(object.spec)": must evaluate to bool',
    /^spec.validations\[2\].expression: .* undeclared reference to 'params'/,
    /^spec.validations\[2\].messageExpression: .* undeclared reference to 'authorizer'/,
  ],
  [
    {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      validations: [{ expression: 'params.data.x == "1"' }],
    },
  ],
  [
    { matchConditions: [{ name: 'a', expression: 'variables.a' }] },
    /^spec.matchConditions\[0\].expression: .* undeclared reference to 'variables'/,
  ],
];
for (const [spec, ...expected] of policyCases) {
  t.test(`a policy with ${JSON.stringify(spec)}`, async (t) => {
    const said = saidOfNew(policies, patched(policy, { spec }));
    t.match(said, expected);
    t.equal(said.length, expected.length);
  });
}

t.test('a policy is filled in, and checked in what it reports', async (t) => {
  t.match(filled(policies, policy).spec, {
    failurePolicy: 'Fail',
    matchConstraints: {
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
      resourceRules: [{ scope: '*' }],
    },
  });
  const typeChecking = { expressionWarnings: [{ fieldRef: '', warning: '' }] };
  t.same(saidOfStatus(policies, policy, {}, { typeChecking }), [
    'status.typeChecking.expressionWarnings[0].warning: Required value',
    'status.typeChecking.expressionWarnings[0].fieldRef: Required value',
  ]);
});

t.test('bindings of policies', async (t) => {
  const binding = {
    ...{ kind: 'ValidatingAdmissionPolicyBinding', apiVersion, metadata: { name: 'b' } },
    spec: { policyName: 'p', validationActions: ['Deny'], matchResources: {} },
  };
  t.match(filled(bindings, binding).spec, { matchResources: { matchPolicy: 'Equivalent' } });
  t.same(saidOfNew(bindings, binding), []);
  const paramRef = { name: 'n', selector: {}, parameterNotFoundAction: 'Maybe' };
  t.same(
    saidOfNew(
      bindings,
      patched(binding, { spec: { policyName: '', paramRef, validationActions: ['Deny', 'Warn'] } }),
    ),
    [
      'spec.policyName: Required value',
      'spec.paramRef.name: Forbidden: name and selector are mutually exclusive',
      'spec.paramRef.selector: Forbidden: name and selector are mutually exclusive',
      'spec.paramRef.parameterNotFoundAction: Unsupported value: "Maybe": supported values: "Deny", "Allow"',
      'spec.validationActions: Invalid value: []admissionregistration.ValidationAction{"Deny", "Warn"}: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
    ],
  );
  t.same(saidOfNew(bindings, patched(binding, { spec: { paramRef: {}, validationActions: null } })), [
    'spec.paramRef: Required value: one of name or selector must be specified',
    'spec.paramRef.parameterNotFoundAction: Required value',
    'spec.validationActions: Required value: at least one validation action is required',
  ]);
});
