import t from 'tap';
import type { JsonObject } from '../schemas/protobuf/json-value.ts';
import { belowPath, mergeSwagger, type Swagger } from './merge-swagger.ts';

const ref = (name: string) => ({ $ref: `#/definitions/${name}` });
const get = (name: string) => ({ get: { responses: { '200': { schema: ref(name) } } } });
const kind = (name: string) => [{ group: 'g', version: 'v1', kind: name }];

const own: JsonObject & Swagger = {
  ...{ swagger: '2.0', info: { title: 'own' } },
  paths: { '/api/': get('Pod'), '/apis/g/v1/both': get('Pod') },
  definitions: {
    Pod: { type: 'object', properties: { $ref: { type: 'string' }, meta: ref('Meta') } },
    Meta: { type: 'object', 'x-kubernetes-group-version-kind': kind('A') },
    Odd: { type: 'string' },
    Odd_v2: { type: 'number' },
  },
};

t.test('belowPath keeps the paths of a group-version, and what they need, however far away', async (t) => {
  const document = {
    paths: { '/apis/g/v1/a': get('A'), '/apis/g/v10/b': get('B'), '/version': get('B') },
    definitions: { A: { items: ref('C') }, B: {}, C: { properties: { own: ref('A'), $ref: {} } }, D: {} },
  };
  t.strictSame(belowPath(document, '/apis/g/v1/'), {
    paths: { '/apis/g/v1/a': get('A') },
    definitions: { A: document.definitions.A, C: document.definitions.C },
  });
  t.strictSame(belowPath('nonsense', '/'), { paths: {}, definitions: {} });
});

t.test('mergeSwagger keeps what is there, shares what is the same, and renames what is not', async (t) => {
  const other: Swagger = {
    paths: { '/apis/g/v1/both': get('Lost'), '/apis/g/v1/new': get('New') },
    definitions: {
      Lost: { type: 'null' },
      New: { properties: { meta: ref('Meta'), odd: ref('Odd') } },
      Meta: { type: 'object', 'x-kubernetes-group-version-kind': kind('B') },
      Odd: { type: 'boolean' },
    },
  };
  const merged = mergeSwagger(own, [other]) as JsonObject & Swagger;
  t.match(merged, { swagger: '2.0', info: { title: 'own' } });
  t.strictSame(merged.paths, { ...own.paths, '/apis/g/v1/new': get('New') });
  t.strictSame(merged.definitions, {
    ...own.definitions,
    Meta: { type: 'object', 'x-kubernetes-group-version-kind': [...kind('A'), ...kind('B')] },
    Odd_v3: { type: 'boolean' },
    New: { properties: { meta: ref('Meta'), odd: ref('Odd_v3') } },
  });
  t.strictSame(mergeSwagger(merged, [other]), merged, 'the same again adds nothing');
  const third: Swagger = { paths: { '/apis/h/v1/x': get('Odd') }, definitions: { Odd: { type: 'boolean' } } };
  t.strictSame((mergeSwagger(merged, [third]) as Swagger & JsonObject).definitions, merged.definitions);
  t.match(mergeSwagger(merged, [third]), { paths: { '/apis/h/v1/x': get('Odd_v3') } });
});
