import t from 'tap';
import type { ApiObject } from '../../objects/object-bytes.ts';
import type { Asked } from '../plugin.ts';
import { ask, readsOf, refusal } from '../testing/ask.ts';
import { answering, patching, serveHooks } from '../testing/serve-hooks.ts';
import { type WebhookOptions, webhookPlugins } from './webhooks.ts';

const everything = [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] }];

function open(webhooks: readonly object[], more: Partial<WebhookOptions> = {}, objects: object = {}) {
  const withNames = webhooks.map((one, index) => ({
    ...{ name: `w${index}.example.com`, rules: everything, sideEffects: 'None', timeoutSeconds: 5 },
    ...one,
  }));
  let uids = 0;
  const options: WebhookOptions = {
    reads: readsOf({
      'mutatingWebhooks m': { webhooks: withNames },
      'validatingWebhooks v': { webhooks: withNames },
      'namespaces d': { metadata: { name: 'd', labels: { team: 'a' } } },
      ...objects,
    }),
    resolve: async () => {
      throw new Error('no service');
    },
    evaluate: () => true,
    equivalents: () => [],
    convert: async (object) => object,
    normalize: (_, object) => object,
    makeUid: () => `uid-${++uids}`,
    ...more,
  };
  const { mutating, validating } = webhookPlugins(options);
  return {
    mutate: (asked: Asked) => mutating.mutate?.(asked) as Promise<ApiObject>,
    validate: (asked: Asked) => refusal(validating.validate?.(asked) as Promise<void>),
  };
}

const pod = { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'x', labels: { app: 'web' } }, spec: {} };

t.test('a mutating webhook changes an object, and is told all about the request', async (t) => {
  const { url, caBundle, seen } = await serveHooks(t, {
    '/a': patching({ op: 'add', path: '/metadata/labels/a', value: 'b' }),
    '/b': answering({ warnings: ['look out'] }),
  });
  const { mutate } = open(['/a', '/b'].map((path) => ({ clientConfig: { url: url(path), caBundle } })));
  const warnings: string[] = [];
  const object = await mutate(ask('pods', pod, { warn: (sentence) => warnings.push(sentence) }));
  t.same(object.metadata.labels, { app: 'web', a: 'b' });
  t.same(warnings, ['look out']);
  t.match(seen[0], {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: 'uid-1',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      requestKind: { group: '', version: 'v1', kind: 'Pod' },
      name: 'x',
      namespace: 'd',
      operation: 'CREATE',
      userInfo: { username: 'jane', groups: ['system:authenticated'] },
      object: pod,
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  });
  t.match(
    seen[1]?.request.object,
    { metadata: { labels: { a: 'b' } } },
    'the second sees what the first has made',
  );
});

t.test('a mutating webhook is asked again when another changes the object behind it', async (t) => {
  const counts = { first: 0 };
  const { url, caBundle } = await serveHooks(t, {
    '/first': (review) => {
      counts.first += 1;
      return answering({})(review);
    },
    '/second': patching({ op: 'add', path: '/metadata/labels/a', value: 'b' }),
  });
  const config = (path: string) => ({ clientConfig: { url: url(path), caBundle } });
  await open([{ ...config('/first'), reinvocationPolicy: 'IfNeeded' }, config('/second')]).mutate(
    ask('pods', pod),
  );
  t.equal(counts.first, 2);
  await open([{ ...config('/first'), reinvocationPolicy: 'Never' }, config('/second')]).mutate(
    ask('pods', pod),
  );
  t.equal(counts.first, 3);
});

t.test('a validating webhook refuses in its own words', async (t) => {
  const { url, caBundle } = await serveHooks(t, {
    '/why': answering({ allowed: false, status: { message: 'not today', code: 418, reason: 'Teapot' } }),
    '/reason': answering({ allowed: false, status: { reason: 'Conflict' } }),
    '/plain': answering({ allowed: false }),
    '/uid': () => ({
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1',
      response: { uid: 'other', allowed: true },
    }),
    '/old': () => ({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1beta1', response: {} }),
    '/empty': () => ({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' }),
    '/patch': patching({ op: 'remove', path: '/spec' }),
    '/junk': () => 'no JSON',
    '/long': () => 'x'.repeat(4 * 1024 * 1024),
    '/silent': () => null,
  });
  const said = (path: string, more: object = {}) =>
    open([{ clientConfig: { url: url(path), caBundle }, ...more }]).validate(ask('pods', pod));
  const head = 'admission webhook "w0.example.com" denied the request';
  t.equal(await said('/why'), `${head}: not today`);
  t.equal(await said('/reason'), `${head}: Conflict`);
  t.equal(await said('/plain'), `${head} without explanation`);
  const failed = 'Internal error occurred: failed calling webhook "w0.example.com": ';
  t.equal(await said('/uid'), `${failed}expected response.uid="uid-1", got "other"`);
  t.match(
    await said('/old'),
    /expected webhook response of admission.k8s.io\/v1, Kind=AdmissionReview, got admission.k8s.io\/v1beta1/,
  );
  t.equal(await said('/empty'), `${failed}webhook response was absent`);
  t.equal(await said('/patch'), `${failed}validating webhooks may not return response.patch`);
  t.match(await said('/junk'), /failed to call webhook: Post "https:\/\/127.0.0.1:\d+\/junk\?timeout=5s": /);
  t.match(await said('/long'), /the answer is longer than 3145728 bytes/);
  t.match(await said('/silent', { timeoutSeconds: 1 }), /context deadline exceeded/);
  t.equal(await said('/silent', { timeoutSeconds: 1, failurePolicy: 'Ignore' }), '');
  const wrong = open([{ clientConfig: { url: url('/why') } }]);
  t.match(
    await wrong.validate(ask('pods', pod)),
    /failed to call webhook: .*(certificate|verify)/,
    'nobody vouches for it',
  );
  const denial = open([{ clientConfig: { url: url('/why'), caBundle } }]);
  const plugin = await denial.validate(ask('pods', pod));
  t.match(plugin, /not today/);
});

t.test('a webhook is asked by its service, whose name its certificate has', async (t) => {
  const { port, caBundle, seen } = await serveHooks(t, { '/p': answering({}) });
  const service = { namespace: 'd', name: 'hook', path: '/p', port: 8443 };
  const { validate } = open([{ clientConfig: { service, caBundle } }], {
    resolve: async (...place) => {
      t.same(place, ['d', 'hook', 8443]);
      return { host: '127.0.0.1', port };
    },
  });
  t.equal(await validate(ask('pods', pod)), '');
  t.equal(seen.length, 1);
  t.match(
    await open([{ clientConfig: { service, caBundle } }]).validate(ask('pods', pod)),
    /Post "https:\/\/hook.d.svc:8443\/p\?timeout=5s": no service/,
  );
});

t.test('whom a webhook is asked about', async (t) => {
  const { url, caBundle, seen } = await serveHooks(t, { '/no': answering({ allowed: false }) });
  const rule = (more: object) => [
    { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], ...more },
  ];
  const table: readonly (readonly [object, boolean, Asked?])[] = [
    [{}, true],
    [{ rules: rule({}) }, true],
    [{ rules: rule({ operations: ['UPDATE'] }) }, false],
    [{ rules: rule({ apiGroups: ['apps'] }) }, false],
    [{ rules: rule({ resources: ['pods/*'] }) }, true],
    [{ rules: rule({ resources: ['*/status'] }) }, false],
    [{ rules: rule({ scope: 'Cluster' }) }, false],
    [{ rules: rule({ scope: 'Namespaced' }) }, true],
    [{ namespaceSelector: { matchLabels: { team: 'a' } } }, true],
    [{ namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['a'] }] } }, false],
    [{ objectSelector: { matchLabels: { app: 'web' } } }, true],
    [{ objectSelector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] } }, false],
    [{ namespaceSelector: { matchLabels: { x: 'y' } } }, true, ask('nodes', { metadata: {} })],
    [{ namespaceSelector: { matchLabels: { x: 'y' } } }, false, ask('namespaces', { metadata: {} })],
    [{}, false, ask('validatingwebhookconfigurations.admissionregistration.k8s.io', { metadata: {} })],
  ];
  for (const [webhook, isAsked, asked = ask('pods', pod)] of table) {
    const before = seen.length;
    const why = await open([{ clientConfig: { url: url('/no'), caBundle }, ...webhook }]).validate(asked);
    t.equal(seen.length - before, isAsked ? 1 : 0, JSON.stringify(webhook));
    t.equal(why !== '', isAsked);
  }
  const autoscaler = ask('horizontalpodautoscalers.autoscaling', {
    ...{ kind: 'HorizontalPodAutoscaler', apiVersion: 'autoscaling/v1', metadata: {} },
  });
  const other = { ...autoscaler.resource, version: 'v9' };
  const ofOther = rule({ apiGroups: ['autoscaling'], apiVersions: ['v9'], resources: ['*'] });
  for (const matchPolicy of ['Equivalent', 'Exact']) {
    const before = seen.length;
    const webhook = { clientConfig: { url: url('/no'), caBundle }, rules: ofOther, matchPolicy };
    const more: Partial<WebhookOptions> = {
      equivalents: () => [other],
      convert: async (object) => ({ ...object, apiVersion: 'autoscaling/v9' }),
    };
    await open([webhook], more).validate(autoscaler);
    t.equal(seen.length - before, matchPolicy === 'Exact' ? 0 : 1);
  }
  t.match(seen.at(-1)?.request, {
    kind: { version: 'v9' },
    requestKind: { version: autoscaler.resource.version },
    object: { apiVersion: 'autoscaling/v9' },
  });
  const conditions = { matchConditions: [{ name: 'c', expression: 'e' }] };
  const config = { clientConfig: { url: url('/no'), caBundle }, ...conditions };
  t.equal(await open([config], { evaluate: () => false }).validate(ask('pods', pod)), '');
  const broken = () => {
    throw new Error('broken');
  };
  t.match(
    await open([config], { evaluate: broken }).validate(ask('pods', pod)),
    /failed calling webhook .*broken/,
  );
  t.equal(
    await open([{ ...config, failurePolicy: 'Ignore' }], { evaluate: broken }).validate(ask('pods', pod)),
    '',
  );
  const dry = ask('pods', pod, { dryRun: true });
  t.match(
    await open([{ clientConfig: config.clientConfig, sideEffects: 'Some' }]).validate(dry),
    /"w0.example.com" does not support dry run/,
  );
});
