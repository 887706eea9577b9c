import t from 'tap';
import type { Deployment } from './generated/types/api-apps-v1.ts';
import type { Pod } from './generated/types/api-core-v1.ts';
import type { CustomResourceDefinition } from './generated/types/apiextensions-v1.ts';
import { readGenerated, typesFile } from './generated-files.ts';
import { decodeObject, encodeObject } from './protobuf/codec.ts';
import type { JsonObject } from './protobuf/json-value.ts';
import { Registry } from './registry.ts';

const registry = new Registry(readGenerated(typesFile).toString('utf8'));

/** A type that does not fit the registry's fields does not compile, or is not the same after the wire. */
function roundTrip<T extends object>(object: T): T {
  return decodeObject(registry, encodeObject(registry, object as JsonObject)) as T;
}

t.test('objects of the generated types come back from the wire as they were', async (t) => {
  const pod: Pod = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: {
      containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80, protocol: 'TCP' }] }],
      volumes: [{ name: 'data', emptyDir: { sizeLimit: '1Gi' } }],
    },
  };
  t.match(roundTrip(pod), pod);
  const deployment: Deployment = {
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } },
      template: { spec: pod.spec },
    },
  };
  t.match(roundTrip(deployment), deployment);
  const definition: CustomResourceDefinition = {
    kind: 'CustomResourceDefinition',
    apiVersion: 'apiextensions.k8s.io/v1',
    spec: {
      group: 'ex.io',
      names: { plural: 'foos', kind: 'Foo' },
      scope: 'Namespaced',
      versions: [
        {
          ...{ name: 'v1', served: true, storage: true },
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: { spec: { type: 'object', additionalProperties: true } },
            },
          },
        },
      ],
    },
  };
  t.match(roundTrip(definition), definition);
});

t.test('what Go has no pointer for is in the JSON of an object that lacks it', async (t) => {
  const pod = roundTrip<Pod>({ kind: 'Pod', apiVersion: 'v1' });
  t.equal(
    JSON.stringify(pod),
    '{"kind":"Pod","apiVersion":"v1","metadata":{"creationTimestamp":null},"spec":{"containers":null},"status":{}}',
  );
});
