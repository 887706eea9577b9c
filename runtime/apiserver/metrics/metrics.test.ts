import t, { type Test } from 'tap';
import type { Store } from '../../datastore/store.ts';
import { openSoloStore } from '../../datastore/testing/solo-store.ts';
import { convertStored } from '../../resources/convert.ts';
import { strategyOf } from '../../resources/strategies.ts';
import { allowMasters } from '../authorization/authorizer.ts';
import { noAdmission } from '../handlers/admission.ts';
import { openKinds } from '../handlers/kinds.ts';
import { registry } from '../handlers/testing/open-kind.ts';
import { nested } from '../http/around.ts';
import { openServer, until } from '../http/testing/open-server.ts';
import { builtInGroupVersions } from '../resources/built-in.ts';
import { measureAccess } from './access-measures.ts';
import { openCounter, openHistogram } from './measures.ts';
import { measureRequests } from './request-measures.ts';
import { measureObjects, measureStore } from './store-measures.ts';
import { takesOpenMetrics, writeMeasures } from './write-measures.ts';

/** A server that counts, with the path that says it. */
async function openMeasured(t: Test) {
  const kinds = openKinds({
    ...{ registry, strategyOf, convert: convertStored, groupVersions: builtInGroupVersions },
    store: {} as Store,
  });
  const requests = measureRequests(kinds, () => performance.now());
  const user = { name: 'me', uid: '', groups: ['system:masters'], extra: {} };
  const stranger = { name: 'stranger', uid: '', groups: [], extra: {} };
  const measured = measureAccess({
    authenticate: async ({ headers: { authorization } }) =>
      authorization === 'wrong'
        ? { kind: 'refused', why: 'wrong' }
        : { kind: 'user', user: authorization === 'stranger' ? stranger : user, audiences: [] },
    authorizer: async () => allowMasters,
    admission: () => noAdmission,
  });
  const opened = await openServer(t, {
    metrics: writeMeasures([...requests.measures, ...measured.measures]),
    around: nested([requests.around, requests.aroundWork]),
    access: measured.access,
  });
  const read = async (): Promise<ReadonlyMap<string, number>> =>
    linesOf((await opened.ask('GET', '/metrics')).text);
  return { ...opened, read };
}

function linesOf(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))] as const;
    }),
  );
}

const ofConfigMaps = 'group="",version="v1",resource="configmaps",subresource=""';

t.test('/metrics counts requests by what they ask for, and by the code of the answer', async (t) => {
  const { ask, read, faults } = await openMeasured(t);
  const below = '/api/v1/namespaces/default/configmaps';
  const body = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' } };
  t.equal((await ask('POST', below, { body })).code, 201);
  t.equal((await ask('POST', below, { body })).code, 409);
  t.equal(
    (await ask('POST', `${below}?dryRun=All`, { body: { ...body, metadata: { name: 'b' } } })).code,
    201,
  );
  t.equal((await ask('GET', `${below}/a`)).code, 200);
  t.equal((await ask('GET', below)).code, 200);
  t.equal((await ask('GET', '/readyz')).code, 200);
  for (const word of ['x', 'y', 'z']) t.equal((await ask('GET', `/apis/${word}.io/v1/things`)).code, 404);
  const now = await read();
  const requests = (verb: string, scope: string, code: number, dryRun = ''): number | undefined =>
    now.get(
      `apiserver_request_total{verb="${verb}",dry_run="${dryRun}",${ofConfigMaps},scope="${scope}",component="apiserver",code="${code}"}`,
    );
  t.equal(requests('POST', 'resource', 201), 1);
  t.equal(requests('POST', 'resource', 409), 1);
  t.equal(requests('POST', 'resource', 201, 'All'), 1);
  t.equal(requests('GET', 'resource', 200), 1);
  t.equal(requests('LIST', 'namespace', 200), 1);
  const nothing = 'group="",version="",resource="",subresource=""';
  t.equal(
    now.get(
      `apiserver_request_total{verb="GET",dry_run="",${nothing},scope="",component="apiserver",code="404"}`,
    ),
    3,
    'what is not there has no names of its own',
  );
  const place = `verb="LIST",${ofConfigMaps},scope="namespace",component="apiserver"`;
  t.equal(now.get(`apiserver_response_sizes_count{${place}}`), 1);
  t.equal(now.get(`apiserver_response_sizes_bucket{${place},le="1000"}`), 1);
  t.ok((now.get(`apiserver_response_sizes_sum{${place}}`) ?? 0) > 50);
  const durations = `verb="POST",dry_run="",${ofConfigMaps},scope="resource",component="apiserver"`;
  t.equal(now.get(`apiserver_request_duration_seconds_bucket{${durations},le="+Inf"}`), 2);
  t.equal(now.get('apiserver_current_inflight_requests{request_kind="readOnly"}'), 1, 'the one that asks');
  t.equal(now.get('apiserver_current_inflight_requests{request_kind="mutating"}'), 0);
  t.ok((now.get('process_resident_memory_bytes') ?? 0) > 1e6);
  t.same(faults, []);
});

t.test('/metrics counts watches while they last, and what they are told', async (t) => {
  const { ask, open, read } = await openMeasured(t);
  const below = '/api/v1/namespaces/default/configmaps';
  const watch = open('GET', `${below}?watch=true`);
  let told = '';
  watch.once('response', (response) => response.on('data', (piece: Buffer) => (told += piece.toString())));
  watch.on('error', () => {});
  watch.end();
  for (const name of ['a', 'b']) {
    await ask('POST', below, { body: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name } } });
  }
  await until('both were told', () => told.split('\n').length === 3);
  const running = `apiserver_longrunning_requests{verb="WATCH",${ofConfigMaps},scope="namespace",component="apiserver"}`;
  const during = await read();
  t.equal(during.get(running), 1);
  t.equal(during.get('apiserver_watch_events_total{group="",version="v1",kind="ConfigMap"}'), 2);
  watch.destroy();
  let now = during;
  for (let tries = 0; now.get(running) !== 0 && tries < 600; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    now = await read();
  }
  t.equal(now.get(running), 0);
});

t.test('/metrics is refused to who may not, and counts who was known and who was allowed', async (t) => {
  const { ask, read } = await openMeasured(t);
  t.equal((await ask('GET', '/metrics', { headers: { authorization: 'wrong' } })).code, 401);
  const refused = await ask('GET', '/metrics', { headers: { authorization: 'stranger' } });
  t.match(JSON.parse(refused.text), { code: 403, message: /cannot get path "\/metrics"/ });
  const now = await read();
  t.equal(now.get('authentication_attempts{result="failure"}'), 1);
  t.equal(now.get('authentication_attempts{result="success"}'), 2);
  t.equal(now.get('authorization_attempts_total{result="denied"}'), 1);
  t.equal(now.get('authorization_attempts_total{result="allowed"}'), 1);
});

t.test(
  '/metrics speaks OpenMetrics to who asks for it, again and again, and takes GET and HEAD alone',
  async (t) => {
    const { ask } = await openMeasured(t);
    const headers = { accept: 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5' };
    for (let times = 0; times < 2; times += 1) {
      const open = await ask('GET', '/metrics', { headers });
      t.match(open.headers['content-type'], /^application\/openmetrics-text/);
      t.match(open.text, /\n# EOF\n$/);
      t.match(open.text, /# TYPE apiserver_request counter\n/);
      t.match(open.text, /# TYPE process_cpu_seconds counter\nprocess_cpu_seconds_total /);
      const plain = await ask('GET', '/metrics');
      t.match(plain.headers['content-type'], /^text\/plain; version=0\.0\.4/);
      t.match(plain.text, /# TYPE apiserver_request_total counter\napiserver_request_total\{/);
      t.match(plain.text, /# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total /);
    }
    const head = await ask('HEAD', '/metrics');
    t.match(head, { code: 200, text: '' });
    t.equal((await ask('POST', '/metrics')).code, 405);
    t.ok(JSON.parse((await ask('GET', '/')).text).paths.includes('/metrics'));
  },
);

t.test('takesOpenMetrics goes by what is named', async (t) => {
  t.notOk(takesOpenMetrics(undefined));
  t.notOk(takesOpenMetrics('*/*'));
  t.notOk(takesOpenMetrics('application/openmetrics-text;q=0'));
  t.ok(takesOpenMetrics('text/plain, application/openmetrics-text; version=1.0.0; q=0.7'));
});

t.test('a family holds no more labels than is good for it', async (t) => {
  const counter = openCounter({ name: 'c_total', help: 'c', labels: ['who'] });
  for (let who = 0; who < 6_000; who += 1) counter.of(String(who)).add();
  const samples = await counter.read();
  t.equal(samples.length, 5_001);
  t.same(samples.at(-1), { labels: { who: 'other' }, value: 1_000 });
  const histogram = openHistogram({ name: 'h', help: 'h', labels: [] }, [1, 2]);
  for (const value of [1, 1.5, 2, 7]) histogram.of().observe(value);
  t.same(
    (await histogram.read()).map(({ metricName, labels, value }) => [metricName, labels.le, value]),
    [
      ['h_bucket', '1', 1],
      ['h_bucket', '2', 3],
      ['h_bucket', '+Inf', 4],
      ['h_sum', undefined, 11.5],
      ['h_count', undefined, 4],
    ],
  );
});

t.test('measureStore and measureObjects tell what is there', async (t) => {
  const { store } = await openSoloStore(t, t.testdir());
  await store.transact({
    success: [
      { operation: 'put', key: Buffer.from('/registry/pods/a/b'), value: Buffer.from('{}') },
      { operation: 'put', key: Buffer.from('/registry/pods/a/c'), value: Buffer.from('{}') },
    ],
  });
  const kinds = openKinds({
    ...{ registry, strategyOf, convert: convertStored, groupVersions: builtInGroupVersions, store },
  });
  const objects = await measureObjects(store, kinds, () => 0).read();
  const countOf = (resource: string) => objects.find(({ labels }) => labels.resource === resource)?.value;
  t.equal(countOf('pods'), 2);
  t.equal(countOf('deployments.apps'), 0);
  const measures = measureStore(store, () => 0);
  const numberOf = async (name: string) =>
    (await measures.find((one) => one.name === `trivet_datastore_${name}`)?.read())?.[0]?.value;
  t.equal(await numberOf('up'), 1);
  t.equal(await numberOf('is_leader'), 1);
  t.ok(((await numberOf('applied_index')) ?? 0) > 0);
  const dumb = measureStore({ status: () => Promise.reject(new Error('no')) }, () => 0);
  t.same(await Promise.all(dumb.map(({ read }) => read())), [
    [{ labels: {}, value: 0 }],
    ...dumb.slice(1).map(() => []),
  ]);
});
