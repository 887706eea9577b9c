import t from 'tap';
import type { ApiObject } from '../objects/object-bytes.ts';
import { patchKindOf } from './patch.ts';
import { configMap, deployment, merging, openKind } from './testing/open-kind.ts';

t.test('patchObject changes by each kind of patch', async (t) => {
  const { create, patch } = await openKind(t, 'apps', 'deployments', true);
  await create(deployment);
  const byJson = await patch('json', [{ op: 'replace', path: '/spec/replicas', value: 4 }]);
  t.match(byJson, { metadata: { generation: 2 }, spec: { replicas: 4 } });
  const byMerge = await patch('merge', { spec: { replicas: 5 }, metadata: { labels: { app: null } } });
  t.match(byMerge, { spec: { replicas: 5 } });
  t.notOk('labels' in byMerge.metadata);
  const sidecar = { spec: { template: { spec: { containers: [{ name: 's', image: 'j' }] } } } };
  const { spec } = (await patch('strategic', sidecar)) as ApiObject & {
    spec: { template: { spec: { containers: { name: string }[] } } };
  };
  t.same(spec.template.spec.containers.map(({ name }) => name).sort(), ['c', 's']);
  const current = await patch('merge', {});
  t.equal(current.metadata.generation, 4, 'a patch that changes nothing is no change');
});

t.test('patchObject refuses what does not fit', async (t) => {
  const { create, patch } = await openKind(t, '', 'configmaps', false);
  await create(configMap);
  for (const [kind, body, code, message] of [
    ['json', {}, 400, /is a list/],
    ['json', [{ op: 'test', path: '/data/k', value: 'x' }], 422, /testing value \/data\/k failed/],
    ['json', [{ op: 'replace', path: '', value: 5 }], 400, /not a JSON object/],
    ['merge', { data: 'k' }, 422, /^ "" is invalid: patch: Invalid value: ".*": ConfigMap .*data/],
    ['strategic', { metadata: { labels: { a: 1 } } }, 422, /^ "" is invalid: patch: Invalid value/],
    [
      'json',
      Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/kind', value: 'ConfigMap' })),
      413,
      /10000/,
    ],
    ['merge', 5, 400, /is an object/],
    ['merge', { metadata: 'x' }, 400, /metadata of the body is not/],
    ['merge', { metadata: { resourceVersion: '999' } }, 409, /has been modified/],
    ['merge', { kind: 'Pod' }, 400, /the body is "Pod"/],
    ['strategic', 'x', 400, /invalid JSON document/],
    ['apply', { ...configMap, metadata: { name: 'b' } }, 400, /does not match the name on the URL/],
    ['apply', 'x', 400, /not a JSON object/],
  ] as const) {
    await t.rejects(
      patch(kind, body),
      { name: 'ApiError', code, message },
      `${kind} ${JSON.stringify(body).slice(0, 60)}`,
    );
  }
  await t.rejects(patch('merge', {}, { name: 'b' }), { code: 404 });
  t.equal(patchKindOf('application/merge-patch+json; charset=utf-8'), 'merge');
  t.throws(() => patchKindOf('application/json'), { code: 415, message: /accepted media types include/ });
});

t.test('an apply makes the object, changes it, and leaves to others what is theirs', async (t) => {
  const { patch, update, get } = await openKind(t, 'apps', 'deployments', true);
  const mine = { fieldManager: 'mine' };
  const made = await patch('apply', deployment, mine);
  t.match(made, { metadata: { uid: /^uid-/, generation: 1 }, spec: { replicas: 2 } });
  t.match(made.metadata.managedFields, [{ manager: 'mine', operation: 'Apply' }]);
  t.equal((made.metadata.managedFields as unknown[]).length, 1);
  const again = await patch('apply', deployment, mine);
  t.equal(again.metadata.resourceVersion, made.metadata.resourceVersion, 'the same again changes nothing');
  await update(merging({ spec: { replicas: 9 } }), { fieldManager: 'scaler' });
  await t.rejects(patch('apply', deployment, mine), {
    ...{ code: 409, message: /conflict with "scaler".*: \.spec\.replicas/ },
    details: { causes: [{ reason: 'FieldManagerConflict', field: '.spec.replicas' }] },
  });
  t.match(await get(), { spec: { replicas: 9 } });
  t.match(await patch('apply', deployment, { ...mine, force: true }), { spec: { replicas: 2 } });
});

t.test('two who apply what is not there yet meet in one object', async (t) => {
  const { patch } = await openKind(t, '', 'configmaps', false);
  const apply = (key: string) =>
    patch('apply', { ...configMap, data: { [key]: key } }, { fieldManager: key });
  await Promise.all(['x', 'y', 'z'].map(apply));
  t.match(await apply('x'), { data: { x: 'x', y: 'y', z: 'z' } });
});

t.test('patchObject warns of fields that the kind does not have, or refuses them', async (t) => {
  const { create, patch, warnings } = await openKind(t, '', 'configmaps', false);
  await create(configMap);
  await patch('merge', { dat: { k: 'v' } });
  t.same(warnings, ['unknown field "dat"']);
  for (const kind of ['merge', 'strategic'] as const) {
    await t.rejects(patch(kind, { dat: 1 }, { validation: 'Strict' }), {
      code: 422,
      message: / is invalid: patch: Invalid value: ".*dat.*": strict decoding error: unknown field "dat"/,
    });
  }
  await t.rejects(patch('merge', {}, { validation: 'Strict', duplicates: ['data'] }), {
    message: /strict decoding error: duplicate field "data"/,
  });
  await patch('merge', { dat: 1 }, { validation: 'Ignore' });
  t.equal(warnings.length, 1);
});

const spec = { ...deployment.spec, replicas: 1 };
const status = { replicas: 7, observedGeneration: 1 };

/** The fields that a manager has, by its name and where it wrote. */
function ownedBy({ metadata }: ApiObject, manager: string, subresource = ''): object | undefined {
  const entries = metadata.managedFields as readonly {
    readonly manager: string;
    readonly subresource?: string;
    readonly fieldsV1: object;
  }[];
  return entries.find((one) => one.manager === manager && (one.subresource ?? '') === subresource)?.fieldsV1;
}

t.test('who sends what a write cannot set does not own it', async (t) => {
  const { patch } = await openKind(t, 'apps', 'deployments', true, {
    resets: { '': ['status'], status: ['spec', 'metadata.labels'] },
  });
  const made = await patch('apply', { ...deployment, spec, status }, { fieldManager: 'maker' });
  t.notOk('f:status' in (ownedBy(made, 'maker') ?? {}), 'it makes no status');
  const labelled = { ...deployment.metadata, labels: { app: 'other' }, annotations: { a: 'b' } };
  const written = await patch(
    'apply',
    { ...deployment, metadata: labelled, spec: { ...spec, replicas: 5 }, status },
    { fieldManager: 'counter', subresource: 'status' },
  );
  t.strictSame(ownedBy(written, 'counter', 'status'), {
    'f:metadata': { 'f:annotations': { 'f:a': {} } },
    'f:status': { 'f:observedGeneration': {}, 'f:replicas': {} },
  });
  t.match(written, { spec: { replicas: 1 }, status });
  t.ok('f:spec' in (ownedBy(written, 'maker') ?? {}), 'nothing is taken from others');
});

t.test('a part that writes a field alone owns that field alone', async (t) => {
  const take = (sent: ApiObject, old: ApiObject): ApiObject => ({ ...old, spec: sent.spec });
  const { create, patch } = await openKind(t, 'apps', 'deployments', true, {
    parts: { paused: { take, writesOnly: ['spec.paused'] } },
  });
  await create(deployment);
  const applied = { ...deployment, metadata: { name: 'a' }, spec: { ...spec, paused: true } };
  const options = { fieldManager: 'pauser', subresource: 'paused', force: true };
  t.strictSame(ownedBy(await patch('apply', applied, options), 'pauser', 'paused'), {
    'f:spec': { 'f:paused': {} },
  });
});

t.test('what a kind puts back is no change, whoever writes it again', async (t) => {
  const { create, patch } = await openKind(t, 'apps', 'deployments', true, {
    prepareUpdate: (next, old) => ({ ...next, spec: old.spec }),
  });
  await create(deployment, { fieldManager: 'maker' });
  const first = await patch('merge', { spec: { replicas: 9 } }, { fieldManager: 'other' });
  const again = await patch('merge', { spec: { replicas: 9 } }, { fieldManager: 'other' });
  t.equal(again.metadata.resourceVersion, first.metadata.resourceVersion);
});
