/** Objects through their life, on a real store: what clients see of create, update and delete. */
import t from 'tap';
import { openSoloStore } from '../../datastore/testing/solo-store.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import type { JsonObject } from '../schemas/protobuf/json-value.ts';
import { type ServedKind, serveKind } from './served-kind.ts';
import { realSurroundings } from './surroundings.ts';
import { configMap, deployment, merging, openKind, registry } from './testing/open-kind.ts';

t.test('createObject gives an object what only the server knows', async (t) => {
  const { create } = await openKind(t, '', 'configmaps', false);
  const made = await create({
    ...configMap,
    metadata: { name: 'a', uid: 'mine', generation: 7, labels: { b: 'c' } },
  });
  t.match(made, {
    metadata: {
      ...{
        name: 'a',
        namespace: 'd',
        uid: 'uid-1',
        creationTimestamp: '2026-01-01T00:00:01Z',
        labels: { b: 'c' },
      },
      managedFields: [
        { manager: 'test', operation: 'Update', apiVersion: 'v1', time: '2026-01-01T00:00:01Z' },
      ],
    },
    data: { k: 'v' },
  });
  t.notOk('generation' in made.metadata);
  await t.rejects(create(configMap), { code: 409, message: 'configmaps "a" already exists' });
});

t.test('createObject refuses what does not fit, and stores nothing', async (t) => {
  const { create, get } = await openKind(t, '', 'configmaps', false);
  for (const [body, code, message] of [
    [{ ...configMap, apiVersion: 'v2' }, 400, /the body is "ConfigMap" of "v2", not "ConfigMap" of "v1"/],
    [{ ...configMap, kind: undefined }, 400, /without a kind/],
    [{ ...configMap, metadata: { name: 'a', namespace: 'e' } }, 400, /does not match the namespace/],
    [{ ...configMap, metadata: { name: 'a', resourceVersion: '5' } }, 500, /should not be set/],
    [{ ...configMap, metadata: {} }, 422, /name or generateName is required/],
    [
      { ...configMap, metadata: { name: 'A' } },
      422,
      /^ConfigMap "A" is invalid: metadata\.name: Invalid value: "A"/,
    ],
    [{ ...configMap, data: { k: 5 } }, 400, /ConfigMap in version "v1" cannot be handled as a ConfigMap/],
    [{ ...configMap, data: 'x' }, 400, /cannot be handled/],
  ] as const) {
    await t.rejects(create(body), { name: 'ApiError', code, message });
  }
  const rehearsed = await create(configMap, { dryRun: true });
  t.match(rehearsed, { metadata: { uid: /^uid-/ }, data: { k: 'v' } });
  t.equal(await get(), null);
});

t.test('createObject makes a name until one is free', async (t) => {
  const { create } = await openKind(t, '', 'configmaps', false);
  const body = { ...configMap, metadata: { generateName: `${'x'.repeat(70)}-` } };
  const first = await create(body);
  t.equal(first.metadata.name, `${'x'.repeat(58)}aaaaa`);
  const second = await create(body);
  t.equal(second.metadata.name, `${'x'.repeat(58)}bbbbb`);
  await t.rejects(create(body), { code: 409 });
});

t.test('updateObject counts what is wanted, and only that', async (t) => {
  const { create, update } = await openKind(t, 'apps', 'deployments', true);
  const made = await create({ ...deployment, status: { replicas: 9 } });
  t.equal(made.metadata.generation, 1);
  t.notMatch(made, { status: { replicas: 9 } }, 'status is not taken from a client that creates');
  const scaled = await update(merging({ spec: { replicas: 3 }, status: { replicas: 9 } }));
  t.match(scaled, { metadata: { generation: 2 }, spec: { replicas: 3 } });
  t.notMatch(scaled, { status: { replicas: 9 } });
  const labelled = await update(merging({ metadata: { labels: { b: 'c' } } }));
  t.match(labelled, { metadata: { generation: 2, labels: { app: 'a', b: 'c' } } });
  const reported = await update(
    merging({ spec: { replicas: 7 }, metadata: { labels: { x: 'y' } }, status: { replicas: 3 } }),
    { subresource: 'status' },
  );
  t.match(reported, { metadata: { generation: 2 }, spec: { replicas: 3 }, status: { replicas: 3 } });
  t.match(reported.metadata, { labels: { x: 'y' } }, 'metadata can be written with status');
  const managers = reported.metadata.managedFields as { subresource?: string }[];
  t.same(managers.map(({ subresource = '' }) => subresource).sort(), ['', 'status']);
});

t.test('updateObject keeps the version of what does not change, in whatever order it is sent', async (t) => {
  const { create, update } = await openKind(t, 'apps', 'deployments', true);
  const made = await create(deployment);
  const { spec, metadata } = made as ApiObject & { spec: Record<string, unknown> };
  const turned = Object.fromEntries(Object.entries(spec).reverse());
  const same = await update(
    () => ({ spec: turned, metadata, apiVersion: 'apps/v1', kind: 'Deployment' }) as JsonObject,
  );
  t.equal(same.metadata.resourceVersion, made.metadata.resourceVersion);
  t.same(same.metadata.managedFields, made.metadata.managedFields);
});

t.test('what a client leaves out and is filled in again is no change', async (t) => {
  const fillIn = (object: ApiObject): ApiObject => {
    const spec = object.spec as Record<string, unknown>;
    return { ...object, spec: { ...spec, replicas: spec.replicas ?? 1 } };
  };
  const { create, update } = await openKind(t, 'apps', 'deployments', true, { fillIn });
  const { replicas: _, ...spec } = deployment.spec;
  const made = await create({ ...deployment, spec });
  t.match(made, { metadata: { generation: 1 }, spec: { replicas: 1 } });
  const same = await update(() => ({ ...deployment, spec }) as JsonObject);
  t.match(same, { metadata: { generation: 1 }, spec: { replicas: 1 } });
  t.match(await update(merging({ spec: { replicas: 2 } })), { metadata: { generation: 2 } });
});

t.test('updateObject holds to what the client knew, and what cannot change', async (t) => {
  const { create, update, get } = await openKind(t, '', 'configmaps', false);
  const made = await create(configMap);
  await update(merging({ data: { k: 'w' } }));
  for (const [change, code, message] of [
    [
      () => made as JsonObject,
      409,
      /the object has been modified; please apply your changes to the latest version/,
    ],
    [merging({ metadata: { uid: 'other' } }), 409, /UID in precondition: other, UID in object meta: uid-1/],
    [
      merging({ metadata: { name: 'b' } }),
      400,
      /the name of the object \(b\) does not match the name on the URL \(a\)/,
    ],
    [merging({ metadata: { namespace: 'e' } }), 400, /does not match the namespace/],
    [merging({ metadata: { labels: { 'a b': 'c' } } }), 422, /metadata\.labels/],
    [
      merging({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
      422,
      /deletionTimestamp: .*immutable/,
    ],
    [
      merging({ metadata: { creationTimestamp: '2025-01-01T00:00:00Z' } }),
      422,
      /creationTimestamp: .*immutable/,
    ],
  ] as const) {
    await t.rejects(update(change), { name: 'ApiError', code, message });
  }
  await t.rejects(
    update((now) => now as JsonObject, { name: 'b' }),
    { code: 404, message: 'configmaps "b" not found' },
  );
  t.notOk(
    'generation' in (await update(merging({ metadata: { generation: 7 } }))).metadata,
    'the server counts',
  );
  const before = await get();
  const rehearsed = await update(merging({ data: { k: 'x' } }), { dryRun: true });
  t.match(rehearsed, { data: { k: 'x' } });
  t.same(await get(), before);
  const { resourceVersion: _, ...anyVersion } = made.metadata;
  t.match(
    await update(() => ({ ...made, metadata: anyVersion }) as JsonObject),
    { data: { k: 'v' } },
    'no version: whichever',
  );
});

t.test('what has finalizers is marked, and goes with the last of them', async (t) => {
  const { create, update, remove, get } = await openKind(t, '', 'configmaps', false);
  await create({ ...configMap, metadata: { name: 'a', finalizers: ['x.y/one', 'x.y/two'] } });
  const marked = await remove();
  t.equal(marked.isGone, false);
  t.match(marked.object.metadata, { deletionTimestamp: /^2026/, deletionGracePeriodSeconds: 0 });
  const again = await remove();
  t.equal(again.object.metadata.deletionTimestamp, marked.object.metadata.deletionTimestamp, 'once');
  await t.rejects(update(merging({ metadata: { finalizers: ['x.y/one', 'x.y/new'] } })), { code: 422 });
  await update(merging({ metadata: { finalizers: ['x.y/two'], deletionTimestamp: null } }));
  t.match((await get())?.metadata, { finalizers: ['x.y/two'], deletionTimestamp: /^2026/ }, 'a mark stays');
  const last = await update(merging({ metadata: { finalizers: null } }));
  t.match(last.metadata, { name: 'a' });
  t.equal(await get(), null);
});

t.test('deleteObject deletes the one that is meant', async (t) => {
  const { create, remove, get } = await openKind(t, '', 'configmaps', false);
  const made = await create(configMap);
  await t.rejects(remove({ uid: 'other' }), {
    code: 409,
    message: /does not match the UID in record \(uid-1\)/,
  });
  await t.rejects(remove({ resourceVersion: '999' }), {
    code: 409,
    message: /does not match the ResourceVersion/,
  });
  t.match(await remove({ dryRun: true }), { isGone: true });
  t.ok(await get());
  t.match(await remove({ uid: 'uid-1', resourceVersion: String(made.metadata.resourceVersion) }), {
    isGone: true,
  });
  await t.rejects(remove(), { code: 404 });
});

t.test('deleteObject leaves what an object owns to the garbage collector', async (t) => {
  const { create, remove, get } = await openKind(t, 'apps', 'deployments', true);
  await create(deployment);
  await remove({ propagation: 'Foreground' });
  t.match((await get())?.metadata, { finalizers: ['foregroundDeletion'], generation: 2 });
  await remove({ propagation: null });
  t.match((await get())?.metadata, { finalizers: ['foregroundDeletion'] }, 'what was said before counts');
  await remove({ propagation: 'Orphan' });
  t.match((await get())?.metadata, { finalizers: ['orphan'], generation: 2 });
});

t.test('a resource that is not stored has no handlers', async (t) => {
  const { kind } = await openKind(t, '', 'configmaps', false);
  const resource: ServedKind['resource'] = { ...kind.resource, storage: null };
  const { store } = await openSoloStore(t, t.testdir());
  t.throws(
    () => serveKind({ registry, resource, strategy: kind.strategy, store, convert: (object) => object }),
    /is not stored/,
  );
});

t.test('realSurroundings are as the API writes them', async (t) => {
  t.match(realSurroundings.now(), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  t.match(realSurroundings.makeUid(), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  t.match(realSurroundings.makeSuffix(), /^[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

t.test('what no two objects may have is chosen, kept with the object, and free again after it', async (t) => {
  const numberOf = (object: ApiObject): string =>
    String((object.data as Record<string, string> | undefined)?.number ?? '');
  const { kind, create, update, remove } = await openKind(t, '', 'configmaps', false, {
    allocate: (object, random) => {
      if (numberOf(object) !== '') return object;
      const number = String(Math.floor(random() * 4));
      return { ...object, data: { ...(object.data as object | undefined), number } };
    },
    claimsOf: (object) => [`numbers/${numberOf(object)}`],
    claimError: (_, claim) => ({
      ...{ reason: 'FieldValueInvalid', field: 'data.number' },
      message: `Invalid value: ${claim}: provided number is already allocated`,
    }),
  });
  const named = (name: string, data: object = {}) => ({
    ...configMap,
    metadata: { name, namespace: 'd' },
    data,
  });
  const made = await Promise.all(['a', 'b', 'c', 'e'].map((name) => create(named(name))));
  t.same(made.map(numberOf).toSorted(), ['0', '1', '2', '3'], 'each has one of its own');
  await t.rejects(create(named('f')), { code: 500, message: /nothing free was found for configmaps "f"/ });
  const wish = numberOf(made[1] as ApiObject);
  await t.rejects(create(named('f', { number: wish })), {
    code: 422,
    message: /data\.number: .*already allocated/,
  });
  await t.rejects(update(merging({ data: { number: wish } })), { code: 422, message: /already allocated/ });
  t.match(await update(merging({ data: { x: 'y' } })), {
    data: { x: 'y', number: numberOf(made[0] as ApiObject) },
  });
  t.match(await update(merging({ data: { number: '9' } })), { data: { number: '9' } });
  t.match(
    await create(named('f')),
    { data: { number: numberOf(made[0] as ApiObject) } },
    'what was given up is free',
  );
  await remove({ name: 'b' });
  t.match(await create(named('g')), { data: { number: wish } }, 'and what was deleted');
  t.equal((await kind.objects.list('', { kind: 'newest', limit: 0 })).items.length, 5);
});

t.test(
  'deleteObject gives time to what has to end, never more than before, and keeps what is held',
  async (t) => {
    const { create, remove, update, get } = await openKind(t, '', 'configmaps', false, {
      graceSeconds: (object, wished) => (object.data === undefined ? 0 : (wished ?? 30)),
      markDeleted: (object) => ({ ...object, data: { ...(object.data as object), phase: 'ending' } }),
      isHeld: (object) => (object.data as { held?: string } | undefined)?.held === 'yes',
    });
    await create(configMap);
    const marked = await remove();
    t.match(marked, {
      isGone: false,
      object: { data: { phase: 'ending' }, metadata: { deletionGracePeriodSeconds: 30 } },
    });
    const end = (object: ApiObject): number => Date.parse(String(object.metadata.deletionTimestamp));
    t.match(await remove({ graceSeconds: 60 }), { object: { metadata: { deletionGracePeriodSeconds: 30 } } });
    const sooner = await remove({ graceSeconds: 5 });
    t.match(sooner.object, { metadata: { deletionGracePeriodSeconds: 5 } });
    t.ok(end(sooner.object) < end(marked.object));
    await update(merging({ data: { held: 'yes' } }));
    t.match(await remove({ graceSeconds: 0 }), { isGone: false }, 'something holds it');
    t.ok(await get());
    await update(merging({ data: { held: null } }));
    t.equal(await get(), null, 'and when that lets go it is gone');
  },
);
