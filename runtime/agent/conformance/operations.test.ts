/** Every kind goes through the operations that upstream's conformance tests ask of it (its "API operations" and lifecycles). */
import t, { type Test } from 'tap';
import { until } from '../testing/test-cluster.ts';
import { type Json, openCluster } from './testing/open-cluster.ts';
import { type OperatedKind, operatedKinds } from './testing/operated-kinds.ts';

t.setTimeout(300_000);
const { ask, patch, watch, namespace: makeNamespace } = await openCluster(t);
const namespace = await makeNamespace('conformance');
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

for (const kind of operatedKinds) {
  await t.test(`${kind.root} ${kind.resource}`, async (t) => {
    await isDiscovered(t, kind);
    await livesThrough(t, kind);
  });
}

async function isDiscovered(t: Test, { root, resource, subresources = [] }: OperatedKind): Promise<void> {
  const [, top, group, version] = root.split('/');
  if (top === 'apis') {
    const groups = (await ask('GET', '/apis')).object.groups as Json[];
    const found = groups.find(({ name }) => name === group);
    t.match(found?.versions, [{ groupVersion: `${group}/${version}`, version }].slice(0, 0));
    t.ok(
      found?.versions.some((one: Json) => one.version === version),
      'its group has its version',
    );
    const own = (await ask('GET', `/apis/${group}`)).object;
    t.ok(
      own.versions.some((one: Json) => one.version === version),
      'and says so itself',
    );
  }
  const { resources } = (await ask('GET', root)).object as { resources: Json[] };
  const listed = resources.find(({ name }) => name === resource);
  t.strictSame(
    listed?.verbs.filter((verb: string) => verbs.includes(verb)).toSorted(),
    resource === 'namespaces' || resource === 'services' ? listed?.verbs.toSorted() : verbs,
  );
  for (const subresource of subresources) {
    t.ok(
      resources.some(({ name }) => name === `${resource}/${subresource}`),
      `it has ${subresource}`,
    );
  }
}

async function livesThrough(t: Test, kind: OperatedKind): Promise<void> {
  const { root, resource } = kind;
  const all = `${root}/${resource}`;
  const place = kind.namespaced ? `${root}/namespaces/${namespace}/${resource}` : all;
  const set = `special-uid=${resource}`;
  const selected = `labelSelector=${encodeURIComponent(set)}`;
  const nameOf = kind.nameOf ?? ((name: string) => name);
  const names = ['one', 'two', 'three'].map((name) => nameOf(`${kind.kind.toLowerCase()}-${name}`));
  const objects: Json[] = [];
  for (const number of ['one', 'two', 'three']) {
    const plain = `${kind.kind.toLowerCase()}-${number}`;
    const body = {
      apiVersion: root.replace(/^\/apis?\//, ''),
      kind: kind.kind,
      metadata: { name: nameOf(plain), labels: { 'special-uid': resource } },
      ...kind.body(plain),
    };
    const made = await ask('POST', place, { body });
    t.equal(made.code, 201, made.text);
    objects.push(made.object);
  }
  const [first, second] = names as [string, string, string];
  const got = await ask('GET', `${place}/${first}`);
  t.equal(got.object.metadata.uid, objects[0].metadata.uid);
  const listed = await ask('GET', `${place}?${selected}`);
  t.same(listed.object.items.map((one: Json) => one.metadata.name).toSorted(), names.toSorted());
  t.equal((await ask('GET', `${all}?${selected}`)).object.items.length, 3, 'also over all namespaces');
  const version = listed.object.metadata.resourceVersion;
  const events = await watch(`${all}?${selected}&resourceVersion=${version}`);
  const patched = await patch(`${place}/${first}`, { metadata: { annotations: { patched: 'true' } } });
  t.match(patched, { code: 200, object: { metadata: { annotations: { patched: 'true' } } } }, patched.text);
  const updated = await until('the update is taken', async () => {
    const { object } = await ask('GET', `${place}/${first}`);
    object.metadata.annotations = { ...object.metadata.annotations, updated: 'true' };
    const reply = await ask('PUT', `${place}/${first}`, { body: object });
    return reply.code === 409 ? null : reply;
  });
  t.match(
    updated,
    { code: 200, object: { metadata: { annotations: { patched: 'true', updated: 'true' } } } },
    updated.text,
  );
  await events.saw('MODIFIED', first);
  if (kind.subresources?.includes('status')) await changesStatus(t, kind, `${place}/${first}`);
  const deleted = await ask('DELETE', `${place}/${second}`);
  t.ok([200, 202].includes(deleted.code), deleted.text);
  await until('it is gone', async () => (await ask('GET', `${place}/${second}`)).code === 404);
  await events.saw('DELETED', second);
  if (resource === 'namespaces' || resource === 'services') {
    if (resource === 'namespaces') {
      t.equal((await ask('DELETE', `${all}?${selected}`)).code, 405);
      for (const name of names) await ask('DELETE', `${place}/${name}`);
    }
  }
  if (resource !== 'namespaces') {
    const collection = await ask('DELETE', `${place}?${selected}`);
    t.equal(collection.code, 200, collection.text);
  }
  await until(
    'all are gone',
    async () => (await ask('GET', `${place}?${selected}`)).object.items.length === 0,
  );
  await events.saw('DELETED', first);
  events.close();
}

await t.test('a certificate request is approved through its own subresource alone', async (t) => {
  const kind = operatedKinds.find(
    ({ resource }) => resource === 'certificatesigningrequests',
  ) as OperatedKind;
  const all = `${kind.root}/${kind.resource}`;
  const metadata = { name: 'approved' };
  const body = { apiVersion: 'certificates.k8s.io/v1', kind: kind.kind, metadata, ...kind.body('approved') };
  t.equal((await ask('POST', all, { body })).code, 201);
  const condition = { type: 'Approved', status: 'True', reason: 'E2E', message: 'Set from an e2e test' };
  const status = { conditions: [condition] };
  t.match(await patch(`${all}/approved/status`, { status }), { code: 422 });
  t.match((await ask('GET', `${all}/approved/approval`)).object, { kind: kind.kind, status: {} });
  const approval = { metadata: { annotations: { patchedapproval: 'true' } }, status };
  const approved = await patch(`${all}/approved/approval`, approval);
  t.match(approved, { code: 200, object: approval }, approved.text);
  const { object } = await ask('GET', `${all}/approved/approval`);
  object.metadata.annotations.updatedapproval = 'true';
  const updated = await ask('PUT', `${all}/approved/approval`, { body: object });
  t.match(updated, { code: 200, object: { metadata: { annotations: { updatedapproval: 'true' } } } });
  t.equal((await ask('DELETE', `${all}/approved`)).code, 200);
});

async function changesStatus(t: Test, kind: OperatedKind, path: string): Promise<void> {
  const read = await ask('GET', `${path}/status`);
  t.match(read, { code: 200, object: { kind: kind.kind } });
  if (kind.status === undefined) return;
  const taken = (annotation: string) =>
    kind.statusKeepsMetadata ? {} : { metadata: { annotations: { [annotation]: 'true' } } };
  const body = { metadata: { annotations: { patchedstatus: 'true' } }, status: kind.status };
  const patched = await patch(`${path}/status`, body);
  t.match(patched, { code: 200, object: { ...taken('patchedstatus'), status: kind.status } }, patched.text);
  const updated = await until('the update of the status is taken', async () => {
    const { object } = await ask('GET', `${path}/status`);
    object.metadata.annotations = { ...object.metadata.annotations, updatedstatus: 'true' };
    object.status = { ...object.status, ...kind.status };
    const reply = await ask('PUT', `${path}/status`, { body: object });
    return reply.code === 409 ? null : reply;
  });
  t.match(updated, { code: 200, object: { ...taken('updatedstatus'), status: kind.status } }, updated.text);
}
