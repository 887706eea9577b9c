/** Subresources with handlers of their own, over HTTP and on a real store. */
import t, { type Test } from 'tap';
import { openServer } from '../apiserver/http/testing/open-server.ts';
import { subresources } from './all.ts';

const pods = '/api/v1/namespaces/d/pods';
const budgets = '/apis/policy/v1/namespaces/d/poddisruptionbudgets';
const merge = { 'content-type': 'application/merge-patch+json' };

async function open(t: Test) {
  const server = await openServer(t, {
    special: subresources,
  });
  const ask = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    const reply = await server.ask(method, path, { ...(body === undefined ? {} : { body }), headers });
    return { code: reply.code, object: JSON.parse(reply.text) };
  };
  return { ask, faults: server.faults };
}

const pod = (name: string) => ({
  ...{ kind: 'Pod', apiVersion: 'v1', metadata: { name, namespace: 'd', labels: { app: 'web' } } },
  spec: { containers: [{ name: 'c', image: 'i' }] },
});
const binding = (name: string) => ({
  ...{ kind: 'Binding', apiVersion: 'v1', metadata: { name }, target: { kind: 'Node', name: 'n1' } },
});
const eviction = (name: string) => ({
  ...{ kind: 'Eviction', apiVersion: 'policy/v1', metadata: { name, namespace: 'd' } },
});

t.test('a pod is bound once, by either address', async (t) => {
  const { ask, faults } = await open(t);
  for (const name of ['a', 'b']) t.equal((await ask('POST', pods, pod(name))).code, 201);
  t.match(await ask('POST', `${pods}/a/binding?dryRun=All`, binding('a')), { code: 201 });
  t.match(await ask('POST', `${pods}/a/binding`, binding('a')), { code: 201, object: { status: 'Success' } });
  t.match(await ask('GET', `${pods}/a`), {
    object: { spec: { nodeName: 'n1' }, status: { conditions: [{ type: 'PodScheduled', status: 'True' }] } },
  });
  t.match(await ask('POST', `${pods}/a/binding`, binding('a')), {
    ...{ code: 409, object: { message: /pod a is already assigned to node "n1"/ } },
  });
  t.equal((await ask('POST', '/api/v1/namespaces/d/bindings', binding('b'))).code, 201);
  t.match(await ask('GET', `${pods}/b`), { object: { spec: { nodeName: 'n1' } } });
  t.equal((await ask('POST', `${pods}/none/binding`, binding('none'))).code, 404);
  t.equal((await ask('POST', `${pods}/b/binding`, binding('a'))).code, 400, 'another name');
  t.same(faults, []);
});

t.test('an eviction asks the budget, says why, and deletes', async (t) => {
  const { ask, faults } = await open(t);
  for (const name of ['a', 'b']) {
    await ask('POST', pods, pod(name));
    await ask('POST', `${pods}/${name}/binding`, binding(name));
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    t.equal((await ask('PATCH', `${pods}/${name}/status`, { status }, merge)).code, 200);
  }
  const budget = {
    ...{ kind: 'PodDisruptionBudget', apiVersion: 'policy/v1', metadata: { name: 'web', namespace: 'd' } },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
  };
  const { object: made } = await ask('POST', budgets, budget);
  const counts = { expectedPods: 2, currentHealthy: 2, desiredHealthy: 1, disruptionsAllowed: 1 };
  const status = { ...counts, observedGeneration: made.metadata.generation };
  t.equal((await ask('PATCH', `${budgets}/web/status`, { status }, merge)).code, 200);
  t.equal((await ask('POST', `${pods}/a/eviction?dryRun=All`, eviction('a'))).code, 201);
  t.match(
    await ask('GET', `${budgets}/web`),
    { object: { status: { disruptionsAllowed: 1 } } },
    'a rehearsal',
  );
  t.match(await ask('POST', `${pods}/a/eviction`, eviction('a')), {
    code: 201,
    object: { status: 'Success' },
  });
  const ending = await ask('GET', `${pods}/a`);
  t.match(ending.object.metadata, { deletionGracePeriodSeconds: 30 }, 'it is given its time');
  const reasons = ending.object.status.conditions.map(({ reason }: { reason?: string }) => reason);
  t.ok(reasons.includes('EvictionByEvictionAPI'));
  t.match(await ask('GET', `${budgets}/web`), {
    object: { status: { disruptionsAllowed: 0, disruptedPods: { a: String } } },
  });
  t.match(await ask('POST', `${pods}/b/eviction`, eviction('b')), {
    code: 429,
    object: { details: { causes: [{ reason: 'DisruptionBudget' }] } },
  });
  t.notOk((await ask('GET', `${pods}/b`)).object.metadata.deletionTimestamp);
  t.equal((await ask('POST', `${pods}/none/eviction`, eviction('none'))).code, 404);
  t.equal((await ask('POST', `${pods}/b/eviction`, eviction('a'))).code, 400);
  t.same(faults, []);
});

t.test('scale reads and writes the replicas and nothing else', async (t) => {
  const { ask, faults } = await open(t);
  const path = '/apis/apps/v1/namespaces/d/deployments';
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const deployment = {
    ...{ kind: 'Deployment', apiVersion: 'apps/v1', metadata: { name: 'web', namespace: 'd' } },
    spec: { replicas: 2, selector: { matchLabels: labels }, template },
  };
  await ask('POST', path, deployment);
  const { object: scale } = await ask('GET', `${path}/web/scale`);
  t.match(scale, { kind: 'Scale', spec: { replicas: 2 }, status: { selector: 'app=web' } });
  const changed = await ask('PATCH', `${path}/web/scale`, { spec: { replicas: 5 } }, merge);
  t.match(changed, { code: 200, object: { spec: { replicas: 5 } } });
  t.match(await ask('GET', `${path}/web`), {
    object: { spec: { replicas: 5 }, metadata: { generation: 2 } },
  });
  t.equal((await ask('PUT', `${path}/web/scale`, scale)).code, 409, 'what it was read from has changed');
  t.equal((await ask('PATCH', `${path}/web/scale`, { spec: { replicas: -1 } }, merge)).code, 422);
  t.equal((await ask('GET', `${path}/none/scale`)).code, 404);
  t.same(faults, []);
});

t.test('what needs a node that runs containers says so', async (t) => {
  const { ask } = await open(t);
  await ask('POST', pods, pod('a'));
  t.match(await ask('GET', `${pods}/a/log`), {
    ...{
      code: 503,
      object: { reason: 'ServiceUnavailable', message: /runs no containers yet, so there is no log/ },
    },
  });
});
