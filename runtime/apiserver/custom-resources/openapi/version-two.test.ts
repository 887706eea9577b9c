import t from 'tap';
import { withCustomResources } from './version-two.ts';

const plain = {
  swagger: '2.0',
  definitions: { 'io.k8s.Meta': { type: 'object' } },
  paths: { '/api/': { get: {} } },
};
const schema = {
  type: 'object',
  properties: {
    nullable: { type: 'string', nullable: true, default: { oneOf: 'a value' } },
    not: { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true },
    metadata: { allOf: [{ $ref: '#/components/schemas/io.k8s.Meta' }] },
  },
};
const content = { 'application/json': { schema: { $ref: '#/components/schemas/io.example.Kite' } } };
const custom = {
  components: { schemas: { 'io.example.Kite': schema, 'io.k8s.Meta': { description: 'another' } } },
  paths: {
    '/apis/example.io/v1/kites': {
      get: {
        parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer' } }],
        responses: { '200': { description: 'OK', content }, '401': { description: 'Unauthorized' } },
        'x-kubernetes-action': 'list',
      },
    },
  },
};

t.test('withCustomResources says of custom resources what v2 has words for', async (t) => {
  const { definitions, paths } = withCustomResources(plain, [custom]) as Record<string, object>;
  t.strictSame(definitions, {
    'io.k8s.Meta': { type: 'object' },
    'io.example.Kite': {
      type: 'object',
      properties: {
        nullable: { type: 'string', default: { oneOf: 'a value' } },
        not: { 'x-kubernetes-int-or-string': true },
        metadata: { allOf: [{ $ref: '#/definitions/io.k8s.Meta' }] },
      },
    },
  });
  t.match(paths, {
    '/api/': { get: {} },
    '/apis/example.io/v1/kites': {
      get: {
        parameters: [{ name: 'limit', in: 'query', type: 'integer' }],
        responses: {
          '200': { description: 'OK', schema: { $ref: '#/definitions/io.example.Kite' } },
          '401': { description: 'Unauthorized' },
        },
        'x-kubernetes-action': 'list',
      },
    },
  });
});

t.test('withCustomResources leaves the document of the built-in resources as it is', async (t) => {
  const before = structuredClone(plain);
  withCustomResources(plain, [custom]);
  t.same(plain, before);
  t.same(withCustomResources(plain, []), plain);
});
