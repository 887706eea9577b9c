/** What the status of a policy says of its expressions, by the controller over a real store. */
import t from 'tap';
import type { ApiObject } from '../apiserver/objects/object-bytes.ts';
import { resources } from '../controllers/client/places.ts';
import { eventually, openCluster, runControllers } from '../controllers/testing/open-cluster.ts';
import { policyChecker } from './api-policy-types.ts';

const policies = resources.admissionPolicies;

function policy(name: string, spec: object): ApiObject {
  return {
    ...{
      kind: 'ValidatingAdmissionPolicy',
      apiVersion: 'admissionregistration.k8s.io/v1',
      metadata: { name },
    },
    spec,
  };
}

function about(apiGroups: string[], apiVersions: string[], ...names: string[]) {
  return { resourceRules: [{ operations: ['*'], apiGroups, apiVersions, resources: names }] };
}

const definition: ApiObject = {
  ...{
    kind: 'CustomResourceDefinition',
    apiVersion: 'apiextensions.k8s.io/v1',
    metadata: { name: 'foos.ex.io' },
  },
  spec: {
    ...{ group: 'ex.io', scope: 'Namespaced', names: { plural: 'foos', kind: 'Foo' } },
    versions: [
      {
        ...{ name: 'v1', served: true, storage: true },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
          },
        },
      },
    ],
  },
};

t.test('what does not fit the kinds that a policy is about is said in its status', async (t) => {
  const { client, server, registry, kinds } = await openCluster(t);
  await client.create(resources.customResourceDefinitions, definition);
  await eventually('foos are served', async () =>
    kinds.resource({ group: 'ex.io', version: 'v1', resource: 'foos' }),
  );
  const { warnings } = runControllers(t, { server }, { checkPolicy: policyChecker(registry, kinds) });
  const statusOf = async (name: string, generation = 1) =>
    await eventually(`${name} is checked`, async () => {
      const { status } = (await client.get({ ...policies, namespace: '', name })) as ApiObject & {
        readonly status?: {
          readonly observedGeneration?: number;
          readonly typeChecking?: { readonly expressionWarnings?: object };
        };
      };
      return status?.observedGeneration === generation ? status : null;
    });
  const validations = [
    { expression: 'object.spec.replicas > 1', messageExpression: "'at least ' + object.spec.replicas" },
    { expression: "object.spec.replicas == 'x' || object.spec.nothing" },
    { expression: "namespaceObject.metadata.labels['a'] == 'b' && request.userInfo.groups.all(g, g != 'x')" },
    { expression: 'variables.named && variables.wrong == 5' },
  ];
  const variables = [
    { name: 'named', expression: "object.metadata.labels['app'] == oldObject.metadata.name" },
    { name: 'wrong', expression: 'object.nothing' },
  ];
  const matchConstraints = about(['apps'], ['v1'], 'deployments', 'deployments/scale', 'daemonsets');
  await client.create(policies, policy('typed', { matchConstraints, validations, variables }));
  const daemonSet = 'apps/v1, Kind=DaemonSet: ERROR: <input>:1:';
  t.strictSame((await statusOf('typed')).typeChecking, {
    expressionWarnings: [
      {
        fieldRef: 'spec.validations[0].expression',
        warning: `${daemonSet}12: undefined field 'replicas'\n | object.spec.replicas > 1\n | ...........^\n`,
      },
      {
        fieldRef: 'spec.validations[0].messageExpression',
        warning: [
          `${daemonSet}26: undefined field 'replicas'\n | 'at least ' + object.spec.replicas\n | .........................^\n`,
          "apps/v1, Kind=Deployment: ERROR: <input>:1:13: found no matching overload for '_+_' applied to '(string, int)'\n | 'at least ' + object.spec.replicas\n | ............^\n",
        ].join('\n'),
      },
      {
        fieldRef: 'spec.validations[1].expression',
        warning: [
          "apps/v1, Kind=DaemonSet: ERROR: <input>:1:12: undefined field 'replicas'\n | object.spec.replicas == 'x' || object.spec.nothing\n | ...........^\nERROR: <input>:1:43: undefined field 'nothing'\n | object.spec.replicas == 'x' || object.spec.nothing\n | ..........................................^\n",
          "apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_==_' applied to '(int, string)'\n | object.spec.replicas == 'x' || object.spec.nothing\n | .....................^\nERROR: <input>:1:43: undefined field 'nothing'\n | object.spec.replicas == 'x' || object.spec.nothing\n | ..........................................^\n",
        ].join('\n'),
      },
    ],
  });
  const made = await client.create(
    policies,
    policy('custom', {
      matchConstraints: about(['ex.io'], ['v1'], 'foos'),
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      validations: [
        { expression: "object.spec.size < int(params.data['most']) && has(object.metadata.labels)" },
        { expression: 'object.spec.sizes > 1' },
      ],
    }),
  );
  const wrong = {
    expressionWarnings: [
      {
        fieldRef: 'spec.validations[1].expression',
        warning: /^ex\.io\/v1, Kind=Foo: ERROR: .* undefined field 'sizes'/,
      },
    ],
  };
  t.match((await statusOf('custom')).typeChecking, wrong);
  const spec = { ...(made.spec as object), validations: [{ expression: 'object.spec.size > 1' }] };
  const checked = await client.get({ ...policies, namespace: '', name: 'custom' });
  await client.update(policies, { ...checked, spec });
  t.notOk((await statusOf('custom', 2)).typeChecking?.expressionWarnings, 'what is mended is said no more');
  await client.create(
    policies,
    policy('any', {
      matchConstraints: about(['*'], ['*'], '*'),
      validations: [{ expression: 'object.nothing == 1' }],
    }),
  );
  t.strictSame((await statusOf('any')).typeChecking, {}, 'of everything nothing is known');
  t.same(warnings, []);
});
