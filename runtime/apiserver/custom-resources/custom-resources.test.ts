/** Custom resources as clients meet them: a definition, and a life of its objects. */
import t, { type Test } from 'tap';
import { openServer } from '../http/testing/open-server.ts';

const base = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

const schema = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1, maximum: 10 },
        color: { type: 'string', enum: ['red', 'green'], default: 'red' },
        name: { type: 'string', maxLength: 5, pattern: '^[a-z]*$' },
        port: { 'x-kubernetes-int-or-string': true },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
        parts: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string' }, weight: { type: 'number', default: 1 } },
          },
        },
      },
      'x-kubernetes-validations': [
        { rule: "self.color != 'green' || self.size > 3", message: 'green ones are large' },
        { rule: 'self.size >= oldSelf.size', messageExpression: "'cannot shrink to %d'.format([self.size])" },
      ],
    },
    status: { type: 'object', properties: { size: { type: 'integer' }, selector: { type: 'string' } } },
  },
};

const definition = {
  ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
  metadata: { name: 'widgets.ex.io' },
  spec: {
    group: 'ex.io',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], categories: ['all'] },
    versions: [
      {
        ...{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } },
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.size',
            statusReplicasPath: '.status.size',
            labelSelectorPath: '.status.selector',
          },
        },
        selectableFields: [{ jsonPath: '.spec.color' }],
        additionalPrinterColumns: [
          { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
          { name: 'Part', type: 'string', jsonPath: '.spec.parts[?(@.name=="a")].weight', priority: 1 },
        ],
      },
    ],
  },
};

const widgets = '/apis/ex.io/v1/namespaces/d/widgets';
const widget = (name: string, spec: object) => ({
  ...{ apiVersion: 'ex.io/v1', kind: 'Widget', metadata: { name } },
  spec,
});

type Server = Awaited<ReturnType<typeof openServer>>;

/** Asks until it fits, with a bound. */
async function soon(server: Server, path: string, fits: (reply: { code: number; text: string }) => boolean) {
  for (let tries = 0; tries < 3000; tries += 1) {
    const reply = await server.ask('GET', path);
    if (fits(reply)) return reply;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain for ${path}`);
}

async function define(t: Test, server: Server, of: object = definition, path = widgets) {
  const made = await server.ask('POST', base, { body: of });
  t.equal(made.code, 201, made.text);
  await soon(server, path, ({ code }) => code === 200);
}

function messageOf(text: string): string {
  return (JSON.parse(text) as { message: string }).message;
}

t.test('a definition is established, and its objects are served', async (t) => {
  const server = await openServer(t);
  const { ask } = server;
  t.equal((await ask('GET', widgets)).code, 404);
  await define(t, server);
  t.match(JSON.parse((await ask('GET', `${base}/widgets.ex.io`)).text), {
    spec: { names: { singular: 'widget', listKind: 'WidgetList' }, conversion: { strategy: 'None' } },
    status: {
      acceptedNames: { plural: 'widgets', kind: 'Widget' },
      storedVersions: ['v1'],
      conditions: [
        { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts' },
        { type: 'Established', status: 'True', reason: 'InitialNamesAccepted' },
      ],
    },
  });
  const found = JSON.parse((await ask('GET', '/apis/ex.io/v1')).text) as { resources: object[] };
  t.match(found.resources, [{ name: 'widgets', shortNames: ['wd'] }, {}, {}]);

  const spec = { size: 2, port: 'http', free: { x: { y: 1 } }, lost: 1, parts: [{ name: 'a' }] };
  const made = await ask('POST', widgets, { body: widget('a', spec) });
  t.equal(made.code, 201, made.text);
  t.equal(made.headers.warning, '299 - "unknown field \\"spec.lost\\""');
  const object = JSON.parse(made.text) as {
    spec: object;
    metadata: { generation: number; managedFields: object[] };
  };
  t.same(object.spec, {
    ...{ size: 2, port: 'http', free: { x: { y: 1 } }, color: 'red' },
    parts: [{ name: 'a', weight: 1 }],
  });
  t.equal(object.metadata.generation, 1);
  t.match(object.metadata.managedFields, [
    { fieldsV1: { 'f:spec': { 'f:parts': { 'k:{"name":"a"}': {} }, 'f:size': {} } } },
  ]);

  const table = await ask('GET', widgets, {
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
  });
  t.match(JSON.parse(table.text), {
    columnDefinitions: [{ name: 'Name' }, { name: 'Size', type: 'integer' }, { name: 'Part', priority: 1 }],
    rows: [{ cells: ['a', 2, '1'] }],
  });
  t.match(JSON.parse((await ask('GET', `${widgets}?fieldSelector=spec.color%3Dred`)).text), { items: [{}] });
  t.same(JSON.parse((await ask('GET', `${widgets}?fieldSelector=spec.color%3Dgreen`)).text).items, []);
  for (const query of ['', '?pretty=1']) {
    const { items } = JSON.parse((await ask('GET', widgets + query)).text);
    t.match(items[0], { apiVersion: 'ex.io/v1', kind: 'Widget' }, 'items say what they are');
  }
  t.match(await ask('GET', `${widgets}?fieldSelector=spec.size%3D2`), {
    code: 400,
    text: /field label not supported: spec.size/,
  });
  t.same(server.faults, []);
});

t.test('what is wrong is said as the real server says it', async (t) => {
  const server = await openServer(t);
  const { ask } = server;
  await define(t, server);
  const blocked =
    '<nil>: Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
  for (const [spec, sentence] of [
    [{ size: 0 }, 'spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1'],
    [{ size: 11 }, 'spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10'],
    [
      { size: 'x' },
      `[spec.size: Invalid value: "string": spec.size in body must be of type integer: "string", .spec.size: Invalid value: 0: .spec.size accessor error: x is of the type string, expected int64, ${blocked}]`,
    ],
    [{}, `[spec.size: Required value, ${blocked}]`],
    [
      { size: 1, color: 'blue' },
      `[spec.color: Unsupported value: "blue": supported values: "red", "green", ${blocked}]`,
    ],
    [{ size: 1, name: 'toolong' }, `[spec.name: Too long: may not be more than 5 bytes, ${blocked}]`],
    [{ size: 1, name: 'A' }, `spec.name: Invalid value: "A": spec.name in body should match '^[a-z]*$'`],
    [
      { size: 1, port: true },
      `[spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean", ${blocked}]`,
    ],
    [{ size: 1, tags: ['a', 'a'] }, 'spec.tags[1]: Duplicate value: "a"'],
    [{ size: 1, parts: [{ name: 'a' }, { name: 'a' }] }, 'spec.parts[1]: Duplicate value: {"name":"a"}'],
    [{ size: 1, color: 'green' }, 'spec: Invalid value: "object": green ones are large'],
  ] as const) {
    const reply = await ask('POST', widgets, { body: widget('a', spec) });
    t.equal(reply.code, 422, reply.text);
    t.equal(messageOf(reply.text), `Widget.ex.io "a" is invalid: ${sentence}`);
  }
  const strict = await ask('POST', `${widgets}?fieldValidation=Strict`, {
    body: widget('a', { size: 1, x: 1 }),
  });
  t.match(strict, { code: 400, text: /strict decoding error: unknown field ..spec.x/ });
  const protobuf = { accept: 'application/vnd.kubernetes.protobuf' };
  t.equal((await ask('GET', widgets, { headers: protobuf })).code, 406);
  t.same(server.faults, []);
});

t.test('objects are changed by every kind of write', async (t) => {
  const server = await openServer(t);
  const { ask } = server;
  await define(t, server);
  t.equal((await ask('POST', widgets, { body: widget('a', { size: 2 }) })).code, 201);
  const patch = (type: string, body: unknown, path = `${widgets}/a`) =>
    ask('PATCH', path, { body, headers: { 'content-type': type } });
  t.match(await patch('application/strategic-merge-patch+json', {}), { code: 415 });
  const merged = await patch('application/merge-patch+json', { spec: { size: 3 }, status: { size: 9 } });
  t.match(JSON.parse(merged.text), { spec: { size: 3 }, metadata: { generation: 2 } });
  t.notOk('status' in JSON.parse(merged.text));
  const shrunk = await patch('application/merge-patch+json', { spec: { size: 2 } });
  t.equal(
    messageOf(shrunk.text),
    'Widget.ex.io "a" is invalid: spec: Invalid value: "object": cannot shrink to 2',
  );
  t.match(await patch('application/json-patch+json', [{ op: 'replace', path: '/spec/size', value: 4 }]), {
    code: 200,
  });
  const status = await patch(
    'application/merge-patch+json',
    { status: { size: 4, selector: 'a=b' }, spec: { size: 9 } },
    `${widgets}/a/status`,
  );
  t.match(JSON.parse(status.text), { spec: { size: 4 }, status: { size: 4 }, metadata: { generation: 3 } });
  const scaled = await patch('application/merge-patch+json', { spec: { replicas: 5 } }, `${widgets}/a/scale`);
  t.match(JSON.parse(scaled.text), {
    kind: 'Scale',
    spec: { replicas: 5 },
    status: { replicas: 4, selector: 'a=b' },
  });
  const apply = (body: object, manager: string, force = '') =>
    patch('application/apply-patch+yaml', body, `${widgets}/b?fieldManager=${manager}${force}`);
  const applied = await apply(widget('b', { size: 5, parts: [{ name: 'x', weight: 2 }] }), 'one');
  t.equal(applied.code, 201, applied.text);
  const conflict = await apply(widget('b', { size: 6 }), 'two');
  t.equal(conflict.code, 409);
  t.match(JSON.parse(conflict.text), { details: { causes: [{ field: '.spec.size' }] } });
  const both = await apply(widget('b', { size: 5, parts: [{ name: 'y' }] }), 'two');
  t.match(JSON.parse(both.text), {
    spec: {
      parts: [
        { name: 'x', weight: 2 },
        { name: 'y', weight: 1 },
      ],
    },
  });
  t.match(await apply(widget('b', { nothing: 5 }), 'two'), {
    code: 500,
    text: /field not declared in schema/,
  });
  t.match(await ask('DELETE', `${widgets}/b`), { code: 200 });
  t.same(server.faults, []);
});

t.test('a definition that goes takes its objects along', async (t) => {
  const server = await openServer(t);
  const { ask } = server;
  await define(t, server);
  t.equal((await ask('POST', widgets, { body: widget('a', { size: 2 }) })).code, 201);
  const held = { ...widget('b', { size: 2 }), metadata: { name: 'b', finalizers: ['wait.ex.io'] } };
  const warned = await ask('POST', widgets, { body: held });
  t.equal(warned.code, 201, warned.text);
  t.match(
    warned.headers.warning,
    /metadata\.finalizers: \\"wait\.ex\.io\\": prefer a domain-qualified finalizer name/,
  );
  const deleted = await ask('DELETE', `${base}/widgets.ex.io`);
  t.match(JSON.parse(deleted.text), {
    metadata: { finalizers: ['customresourcecleanup.apiextensions.k8s.io'] },
    status: {
      conditions: [{}, {}, { type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending' }],
    },
  });
  await soon(server, `${widgets}/a`, ({ code }) => code === 404);
  t.equal((await ask('POST', widgets, { body: widget('c', { size: 2 }) })).code, 405, 'nothing new is made');
  const going = await ask('GET', `${base}/widgets.ex.io`);
  t.equal(going.code, 200, 'one object is held');
  const { metadata, ...others } = JSON.parse(going.text) as { metadata: object };
  const labelled = await ask('PUT', `${base}/widgets.ex.io`, {
    body: { ...others, metadata: { ...metadata, labels: { a: 'b' } } },
  });
  t.equal(labelled.code, 200, 'its finalizer has no path, and may');
  await server.store.transact({
    compare: [],
    success: [{ operation: 'delete', key: Buffer.from('/registry/ex.io/widgets/d/b') }],
  });
  await soon(server, `${base}/widgets.ex.io`, ({ code }) => code === 404);
  await soon(server, '/apis/ex.io/v1', ({ code }) => code === 404);
  t.same(server.faults, []);
});

t.test('watches end when what is served changes', async (t) => {
  const server = await openServer(t);
  const { ask, open } = server;
  await define(t, server);
  const ended = Promise.withResolvers<string>();
  const seen = Promise.withResolvers<void>();
  const request = open('GET', `${widgets}?watch=true`);
  let text = '';
  request.once('response', (response) => {
    response.on('data', (piece: Buffer) => {
      text += piece.toString();
      seen.resolve();
    });
    response.once('end', () => ended.resolve(text));
  });
  request.end();
  t.equal((await ask('POST', widgets, { body: widget('a', { size: 2 }) })).code, 201);
  await seen.promise;
  const change = { spec: { names: { shortNames: ['wx'] } } };
  const headers = { 'content-type': 'application/merge-patch+json' };
  t.equal((await ask('PATCH', `${base}/widgets.ex.io`, { body: change, headers })).code, 200);
  t.match(await ended.promise, /"type":"ADDED"/);
});
