/** What every answer has around its body, and what clients can say about it. */
import t from 'tap';
import { parse as parseYaml } from 'yaml';
import { openServer } from './testing/open-server.ts';

const base = '/api/v1/namespaces/default/configmaps';
const configMap = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' }, data: { k: '[{"v":1}]' } };
const big = { ...configMap, metadata: { name: 'big' }, data: { k: '9007199254740993' } };

t.test('every answer can be told from others, and is kept by nobody', async (t) => {
  const { ask, faults } = await openServer(t);
  for (const path of [
    '/version',
    '/healthz',
    '/apis',
    '/openapi/v2',
    base,
    `${base}/none`,
    '/none',
    '/api/v1/%zz',
  ]) {
    const { headers } = await ask('GET', path, { headers: { 'audit-id': 'mine' } });
    t.match(headers, { 'cache-control': 'no-cache, private', 'audit-id': 'mine', date: / GMT$/ }, path);
    t.match((await ask('GET', path)).headers['audit-id'], /^[0-9a-f-]{36}$/, path);
    t.notOk('strict-transport-security' in headers);
  }
  t.same(faults, []);
});

t.test('JSON is indented for those who look at it', async (t) => {
  const { ask } = await openServer(t);
  t.equal((await ask('POST', base, { body: configMap })).code, 201);
  const shown = (more: string, agent: string) =>
    ask('GET', `${base}/${more}`, { headers: { 'user-agent': agent } }).then(({ text }) => text);
  const plain = await shown('a', 'kubectl/v1.32.3');
  t.match(plain, /^\{"kind":"ConfigMap",.*\}\n$/);
  const pretty = await shown('a', 'curl/8.5.0');
  t.match(
    pretty,
    /^\{\n {2}"kind": "ConfigMap",\n {2}"apiVersion": "v1",\n {2}"metadata": \{\n {4}"name": "a",/,
  );
  t.match(pretty, /"k": "\[\{\\"v\\":1\}\]"\n {2}\}\n\}$/, 'nothing within a text is touched');
  t.same(JSON.parse(pretty), JSON.parse(plain));
  t.equal(await shown('a?pretty=true', 'kubectl/v1.32.3'), pretty);
  t.equal(await shown('a?pretty=0', 'curl/8.5.0'), plain);
  t.match(await shown('none?pretty=1', 'x'), /^\{\n {2}"kind": "Status",\n/);
  t.match((await ask('GET', '/apis?pretty=1')).text, /^\{\n {2}"kind": "APIGroupList"/);
  t.match((await ask('GET', '/version')).text, /^\{\n {2}"major": "1",\n {2}"minor": "32",/);
  t.equal((await ask('POST', base, { body: big })).code, 201);
});

t.test('errors and documents come in the encoding that was asked for', async (t) => {
  const { ask } = await openServer(t);
  const accept = (text: string) => ({ headers: { accept: text } });
  const missing = await ask('GET', `${base}/none`, accept('application/yaml'));
  t.match(missing, { code: 404, headers: { 'content-type': 'application/yaml' } });
  t.match(parseYaml(missing.text), { kind: 'Status', reason: 'NotFound', code: 404 });
  const packed = await ask('GET', `${base}/none`, accept('application/vnd.kubernetes.protobuf'));
  t.match(packed, { code: 404, headers: { 'content-type': 'application/vnd.kubernetes.protobuf' } });
  t.equal(packed.bytes.subarray(0, 4).toString('latin1'), 'k8s\0');
  const unknown = await ask('GET', `${base}/none`, accept('text/html'));
  t.match(unknown, { code: 406, headers: { 'content-type': 'application/json' } });
  t.match(parseYaml((await ask('GET', '/apis', accept('application/yaml'))).text), { kind: 'APIGroupList' });
});

t.test('a request can wish for less time than there is', async (t) => {
  const never = { name: 'slow/one', readinessOnly: true, run: () => new Promise<void>(() => {}) };
  const { ask } = await openServer(t, { health: [never] });
  const late = await ask('GET', '/readyz?timeout=50ms');
  t.match(late, { code: 504 });
  t.match(JSON.parse(late.text), {
    ...{ kind: 'Status', reason: 'Timeout', code: 504 },
    message: 'Timeout: request did not complete within the allotted timeout',
  });
  for (const [timeout, why] of [
    ['x', 'invalid duration "x"'],
    ['5', 'missing unit in duration "5"'],
    ['1s5', 'missing unit in duration "1s5"'],
    ['5parsecs', 'unknown unit "parsecs" in duration "5parsecs"'],
  ]) {
    const { code, text } = await ask('GET', `/version?timeout=${timeout}`);
    t.equal(code, 400);
    t.equal(JSON.parse(text).message, `invalid timeout specified in the request URL - time: ${why}`);
  }
  for (const timeout of ['0s', '1h', '-1s', '34s', '']) {
    t.equal((await ask('GET', `/version?timeout=${timeout}`)).code, 200, timeout);
  }
});

t.test('health is told to everybody, and what is wrong to those who ask for it', async (t) => {
  const { ask } = await openServer(t, {
    health: [
      { name: 'ping', readinessOnly: false, run: async () => {} },
      {
        name: 'poststarthook/one',
        readinessOnly: false,
        run: async () => Promise.reject(new Error('why not')),
      },
      { name: 'store', readinessOnly: true, run: async () => {} },
    ],
  });
  const failed = '[+]ping ok\n[-]poststarthook/one failed: reason withheld\nlivez check failed\n';
  t.match(await ask('GET', '/livez'), { code: 500, text: failed });
  t.match(await ask('GET', '/livez/poststarthook/one'), {
    code: 500,
    text: 'internal server error: why not\n',
  });
  t.match(await ask('GET', '/livez?exclude=poststarthook/one'), { code: 200, text: 'ok' });
  const excluded = await ask('GET', '/readyz?verbose&exclude=poststarthook/one&exclude=b&exclude=a');
  t.equal(
    excluded.text,
    '[+]ping ok\n[+]poststarthook/one excluded: ok\n[+]store ok\nwarn: some health checks cannot be excluded: no matches for "a","b"\nreadyz check passed\n',
  );
  t.equal((await ask('GET', '/livez/store')).code, 404);
  const { paths } = JSON.parse((await ask('GET', '/')).text) as { readonly paths: readonly string[] };
  t.same([...paths].sort(), paths);
  for (const path of [
    '/api/v1',
    '/apis/apps',
    '/apis/apps/v1',
    '/livez/poststarthook/one',
    '/readyz/store',
  ]) {
    t.ok(paths.includes(path), path);
  }
  for (const path of paths.filter((one) => !/z(\/|$)/.test(one)))
    t.equal((await ask('GET', path)).code, 200, path);
  t.equal((await ask('GET', '/index.html')).code, 200);
});
