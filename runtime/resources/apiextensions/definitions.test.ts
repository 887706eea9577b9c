import t from 'tap';
import { made, patched, saidOfChange, saidOfNew } from '../testing/say.ts';
import { customResourceDefinitionStrategy as strategy } from './definitions.ts';

const plain = {
  type: 'object',
  properties: { spec: { type: 'object', properties: { a: { type: 'string' } } } },
};

function define(schema: object = plain, version: object = {}, spec: object = {}) {
  return {
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
    metadata: { name: 'foos.ex.io' },
    spec: {
      ...{ group: 'ex.io', scope: 'Namespaced', names: { plural: 'foos', kind: 'Foo' } },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, ...version },
      ],
      ...spec,
    },
  };
}

t.test('a definition is filled in', async (t) => {
  t.same(saidOfNew(strategy, define()), []);
  t.match(made(strategy, define()), {
    spec: { names: { singular: 'foo', listKind: 'FooList' }, conversion: { strategy: 'None' } },
    status: { storedVersions: ['v1'] },
  });
});

const at = 'spec.versions[0].schema.openAPIV3Schema';
const inside = (property: object): object => ({ type: 'object', properties: { x: property } });

t.test("the community's groups are for what it has approved", async (t) => {
  const metadata = { name: 'foos.ex.k8s.io' };
  const definition = { ...define(plain, {}, { group: 'ex.k8s.io' }), metadata };
  const annotated = (text: string | null) => ({
    metadata: { annotations: { 'api-approved.kubernetes.io': text } },
  });
  const field = 'metadata.annotations[api-approved.kubernetes.io]';
  const need = 'protected groups must have approval annotation "api-approved.kubernetes.io"';
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  t.same(saidOfNew(strategy, definition), [`${field}: Required value: ${need}, ${see}`]);
  t.same(saidOfNew(strategy, patched(definition, annotated('yes'))), [
    `${field}: Invalid value: "yes": ${need} with either a URL or a reason starting with "unapproved", ${see}`,
  ]);
  const approved = patched(definition, annotated('https://github.com/kubernetes/kubernetes/pull/1'));
  t.same(saidOfNew(strategy, approved), []);
  t.same(saidOfNew(strategy, patched(definition, annotated('unapproved, a test'))), []);
  t.same(
    saidOfChange(strategy, definition, { metadata: { labels: { a: 'b' } } }),
    [],
    'what was so may stay',
  );
  t.equal(saidOfChange(strategy, approved, annotated(null)).length, 1);
});

t.test('what a definition cannot say', async (t) => {
  for (const [definition, sentence] of [
    [
      define(plain, {}, { group: 'io' }),
      'spec.group: Invalid value: "io": should be a domain with at least one dot',
    ],
    [
      define(plain, {}, { scope: 'Galaxy' }),
      'spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"',
    ],
    [
      define(plain, { storage: false }),
      /spec.versions: .*must have exactly one version marked as storage version/,
    ],
    [define(plain, { name: 'V1' }), /spec.versions\[0\].name: Invalid value: "V1": a DNS-1035 label/],
    [define(plain, { schema: null }), `${at}: Required value: schemas are required`],
    [
      define(plain, {}, { names: { plural: 'foos', kind: 'Foo', listKind: 'Foo' } }),
      'spec.names.listKind: Invalid value: "Foo": kind and listKind may not be the same',
    ],
    [
      define(plain, {}, { preserveUnknownFields: true }),
      /spec.preserveUnknownFields: Invalid value: true: cannot set to true/,
    ],
    [define({}), `${at}.type: Required value: must not be empty at the root`],
    [define({ type: 'string' }), `${at}.type: Invalid value: "string": must be object at the root`],
    [
      define(inside({})),
      `${at}.properties[x].type: Required value: must not be empty for specified object fields`,
    ],
    [define(inside({ type: 'array' })), `${at}.properties[x].items: Required value: must be specified`],
    [
      define(inside({ type: 'text' })),
      /properties\[x\].type: Unsupported value: "text": supported values: "array", "boolean"/,
    ],
    [define(inside({ type: 'string', uniqueItems: true })), /Forbidden: uniqueItems cannot be set to true/],
    [
      define(inside({ type: 'string', pattern: '(?=a)' })),
      /properties\[x\].pattern: .*must be a valid regular expression, but isn't/,
    ],
    [
      define(inside({ type: 'integer', default: 'a' })),
      /x\].default: Invalid value: "string": .*must be of type integer: "string"/,
    ],
    [
      define(inside({ ...inside({ type: 'string' }), default: { y: 1 } })),
      /x\].default: .*must not have unknown fields/,
    ],
    [
      define(inside({ type: 'string', anyOf: [{ type: 'string' }] })),
      `${at}.properties[x].anyOf[0].type: Forbidden: must be empty to be structural`,
    ],
    [
      define({ ...plain, anyOf: [{ properties: { y: { minLength: 1 } } }] }),
      `${at}.properties[y]: Required value: because it is defined in ${at}.anyOf[0].properties[y]`,
    ],
    [
      define({ type: 'object', properties: { metadata: inside({ type: 'string' }) } }),
      /must not specify anything other than name and generateName/,
    ],
    [
      define({ type: 'object', additionalProperties: { type: 'string' } }),
      /additionalProperties: Forbidden: must not be used at the root/,
    ],
    [
      define(
        inside({
          type: 'array',
          items: { type: 'object', properties: { k: { type: 'string' } } },
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['k'],
        }),
      ),
      /so it must have a default or be a required property/,
    ],
    [
      define(inside({ type: 'string', 'x-kubernetes-list-type': 'set' })),
      /must be array if x-kubernetes-list-type is specified/,
    ],
    [
      define({ ...plain, 'x-kubernetes-validations': [{ rule: 'self.nothing' }] }),
      /x-kubernetes-validations\[0\].rule: .*compilation failed: ERROR: <input>:1:5: undefined field 'nothing'/,
    ],
    [
      define({ ...plain, 'x-kubernetes-validations': [{ rule: '1' }] }),
      /cel expression must evaluate to a bool/,
    ],
    [
      define({ ...plain, 'x-kubernetes-validations': [{ rule: 'true', messageExpression: '1' }] }),
      /messageExpression must evaluate to a string/,
    ],
    [
      define({ ...plain, 'x-kubernetes-validations': [{ rule: 'true', fieldPath: '.no' }] }),
      /does not refer to a valid field/,
    ],
    [
      define(
        inside({
          type: 'array',
          items: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > oldSelf' }] },
        }),
      ),
      /oldSelf cannot be used on the uncorrelatable portion/,
    ],
    [
      define(plain, { additionalPrinterColumns: [{ name: 'A', type: 'text', jsonPath: 'a' }] }),
      /type: Invalid value: "text": must be one of boolean,date,integer,number,string/,
    ],
    [
      define(plain, { subresources: { scale: { specReplicasPath: '.a', statusReplicasPath: '.status.b' } } }),
      /should be a json path under .spec/,
    ],
    [define(plain, { selectableFields: [{ jsonPath: '.spec.b' }] }), /does not refer to a valid field/],
    [define(plain, { deprecationWarning: 'old' }), /can only be set for deprecated versions/],
    [
      define(plain, {}, { conversion: { strategy: 'Webhook' } }),
      'spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook',
    ],
    [
      { ...define(), metadata: { name: 'x' } },
      'metadata.name: Invalid value: "x": must be spec.names.plural+"."+spec.group',
    ],
  ] as const) {
    const said = saidOfNew(strategy, definition);
    const fits = said.some((one) => (typeof sentence === 'string' ? one === sentence : sentence.test(one)));
    t.ok(fits, String(sentence), { said });
  }
});

t.test('what cannot change', async (t) => {
  t.match(saidOfChange(strategy, define(), { spec: { group: 'ex.com' } }), [
    /metadata.name/,
    /spec.group: .*immutable/,
  ]);
  const others = [{ name: 'v2', served: true, storage: true, schema: { openAPIV3Schema: plain } }];
  t.same(saidOfChange(strategy, define(), { spec: { versions: others } }), [
    'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; must be removed from status.storedVersions first',
  ]);
});

t.test('hostile schemas are refused in time', async (t) => {
  let deep: object = { type: 'string' };
  for (let depth = 0; depth < 150; depth += 1) deep = inside(deep);
  t.same(saidOfNew(strategy, define(deep)), []);
  const rule = { rule: `self.x${' && true'.repeat(5000)} == 1` };
  t.equal(
    saidOfNew(strategy, define({ ...plain, 'x-kubernetes-validations': Array(50).fill(rule) })).length,
    50,
  );
});

const hint =
  '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';

function list(rule: string, more: object = {}, ofItems: object = {}): object {
  const items = { type: 'integer', ...ofItems };
  return inside({ type: 'array', items, 'x-kubernetes-validations': [{ rule }], ...more });
}

t.test('rules that could cost too much are refused, unless they are there already', async (t) => {
  const places = `${at}.properties[x]`;
  const twice = 'self.all(a, self.all(b, a != b || a == b))';
  const once = `${places}.x-kubernetes-validations[0].rule`;
  t.same(saidOfNew(strategy, define(list(twice))), [
    `${once}: Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${hint}`,
    `${once}: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema`,
    `${at}: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x ${hint}`,
  ]);
  t.same(saidOfNew(strategy, define(list(twice, { maxItems: 100 }))), []);
  const text = { 'x-kubernetes-validations': [{ rule: "self.matches('[a-z]{1,3}')" }] };
  const ofTexts = (more: object, ofItems: object) =>
    define(list('true', more, { type: 'string', ...text, ...ofItems }));
  const [said = ''] = saidOfNew(strategy, ofTexts({}, { maxLength: 63 }));
  t.match(said, /items\.x-kubernetes-validations\[0\]\.rule: Forbidden: estimated rule cost exceeds budget/);
  t.match(said, /factor of [1-9][\d.]*x \(try/, 'as often as there can be items without a bound');
  t.same(saidOfNew(strategy, ofTexts({ maxItems: 1000 }, { maxLength: 63 })), []);
  // The real server refuses it as well, since it does not know how long a number is (kubernetes/kubernetes#124234).
  const messageExpression = "'not ' + string(self.x)";
  const dear = {
    ...inside({ type: 'integer' }),
    'x-kubernetes-validations': [{ rule: 'true', messageExpression }],
  };
  t.match(
    saidOfNew(strategy, define(dear))[0],
    /messageExpression: Forbidden: estimated messageExpression cost/,
  );
  t.same(saidOfChange(strategy, define(list(twice)), { metadata: { labels: { a: 'b' } } }), []);
  const dearer = define(list(`${twice} && true`)).spec;
  t.equal(saidOfChange(strategy, define(list(twice)), { spec: { versions: dearer.versions } }).length, 3);
});
