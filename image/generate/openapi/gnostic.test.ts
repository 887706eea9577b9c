/** The OpenAPI v2 document in protobuf says what it says in JSON. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { openApiV2, unpacked } from '../../../runtime/apiserver/schemas/openapi.ts';
import { openCache } from '../../cache/cache.ts';
import { parseProtos } from '../protobuf/read.ts';
import { provideSources } from '../sources.ts';
import type { Swagger } from './document.ts';
import { encodeSwagger } from './gnostic.ts';

type Message = Readonly<Record<string, unknown>>;

const sources = await provideSources(openCache(), { offline: false });
const file = path.join(sources.go, 'github.com/google/gnostic-models/openapiv2/OpenAPIv2.proto');
const any = { file: 'any', text: 'syntax = "proto3"; package google.protobuf; message Any {}' };
const messages = parseProtos([any, { file, text: readFileSync(file, 'utf8') }]);
const type = messages.lookupType('openapi.v2.Document');

function namedList(
  value: unknown,
  field: string,
): readonly { readonly name: string; readonly value: Message }[] {
  return (value as Record<string, never>)[field] ?? [];
}

t.test(
  'encodeSwagger writes every definition and path, with the extensions that clients look for',
  async (t) => {
    const json = JSON.parse(unpacked(openApiV2('json')).toString('utf8')) as Swagger;
    const bytes = unpacked(openApiV2('pb'));
    const document = type.toObject(type.decode(bytes), { longs: Number, defaults: false }) as Message;
    t.equal(document.swagger, '2.0');
    t.match(document.info, { title: 'Kubernetes', version: /^v1\.32\./ });
    const definitions = namedList(document.definitions, 'additional_properties');
    t.same(
      definitions.map(({ name }) => name),
      Object.keys(json.definitions),
    );
    t.same(
      namedList(document.paths, 'path').map(({ name }) => name),
      Object.keys(json.paths),
    );
    const deployment = definitions.find(({ name }) => name === 'io.k8s.api.apps.v1.Deployment')!.value;
    t.same(deployment.type, { value: ['object'] });
    t.same(deployment.vendor_extension, [
      {
        name: 'x-kubernetes-group-version-kind',
        value: { yaml: '[{"group":"apps","kind":"Deployment","version":"v1"}]\n' },
      },
    ]);
    const properties = namedList(deployment.properties, 'additional_properties');
    t.same(
      properties.map(({ name }) => name),
      ['apiVersion', 'kind', 'metadata', 'spec', 'status'],
    );
    t.match(properties[3]!.value, { _ref: '#/definitions/io.k8s.api.apps.v1.DeploymentSpec' });
    const item = namedList(document.paths, 'path').find(
      ({ name }) => name === '/api/v1/namespaces/{namespace}/pods',
    );
    const post = item!.value.post as { parameters: readonly Message[]; responses: Message };
    t.ok(post.parameters.some((parameter) => 'json_reference' in parameter));
    t.ok(
      post.parameters.some((parameter) => JSON.stringify(parameter).includes('query_parameter_sub_schema')),
    );
    t.match(JSON.stringify(post.responses), /io\.k8s\.api\.core\.v1\.Pod/);
  },
);

t.test('a part that the messages have no place for stops the step', async (t) => {
  const odd = { swagger: '2.0', definitions: { A: { nonsense: 1 } } } as unknown as Swagger;
  await t.rejects(encodeSwagger(odd, sources.go), {
    code: 'damaged-input',
    message: /no place for nonsense in a Schema/,
  });
});
