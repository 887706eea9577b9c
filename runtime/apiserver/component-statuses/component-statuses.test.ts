import t from 'tap';
import { openServer } from '../http/testing/open-server.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { serveComponentStatuses } from './component-statuses.ts';
import { checkLease } from './lease-check.ts';

const path = '/api/v1/componentstatuses';

t.test('componentstatuses says what is found out, as it is now', async (t) => {
  let fault: Error | null = null;
  const check = async (): Promise<void> => {
    if (fault !== null) throw fault;
  };
  const special = {
    '/componentstatuses': serveComponentStatuses([
      { name: 'scheduler', run: async () => Promise.reject(new Error('there is none')) },
      { name: 'etcd-0', run: check },
    ]),
  };
  const { ask, faults } = await openServer(t, { special });
  const warning = '299 - "v1 ComponentStatus is deprecated in v1.19+"';
  const listed = await ask('GET', path);
  t.match(listed, { code: 200, headers: { warning } });
  t.same(JSON.parse(listed.text), {
    ...{ kind: 'ComponentStatusList', apiVersion: 'v1', metadata: {} },
    items: [
      {
        metadata: { name: 'scheduler', creationTimestamp: null },
        conditions: [{ type: 'Healthy', status: 'False', message: 'there is none' }],
      },
      {
        metadata: { name: 'etcd-0', creationTimestamp: null },
        conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }],
      },
    ],
  });
  fault = new Error('no leader');
  const one = JSON.parse((await ask('GET', `${path}/etcd-0`)).text);
  t.match(one, {
    kind: 'ComponentStatus',
    apiVersion: 'v1',
    conditions: [{ status: 'False', message: 'no leader' }],
  });
  const table = JSON.parse(
    (await ask('GET', path, { headers: { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' } })).text,
  );
  t.match(
    table.columnDefinitions.map(({ name }: { readonly name: string }) => name),
    ['Name', 'Status', 'Message', 'Error'],
  );
  t.match(table.rows, [
    { cells: ['scheduler', 'Unhealthy', 'there is none', ''] },
    { cells: ['etcd-0', 'Unhealthy'] },
  ]);
  const protobuf = await ask('GET', path, { headers: { accept: 'application/vnd.kubernetes.protobuf' } });
  t.equal(protobuf.bytes.subarray(0, 3).toString(), 'k8s');
  const named = JSON.parse((await ask('GET', `${path}?fieldSelector=metadata.name%3Detcd-0`)).text);
  t.match(named.items, [{ metadata: { name: 'etcd-0' } }]);
  t.equal(named.items.length, 1);
  t.same(JSON.parse((await ask('GET', `${path}?labelSelector=a`)).text).items, []);
  t.match(JSON.parse((await ask('GET', `${path}/none`)).text), {
    code: 404,
    message: 'Component not found: none',
  });
  t.equal((await ask('POST', path, { body: {} })).code, 405);
  t.equal((await ask('GET', `${path}?watch=true`)).code, 405);
  t.same(faults, []);
});

function leaseOf(holderIdentity: string, resourceVersion: string): ApiObject {
  const spec = { holderIdentity, leaseDurationSeconds: 8 };
  return {
    kind: 'Lease',
    apiVersion: 'coordination.k8s.io/v1',
    metadata: { name: 'l', resourceVersion },
    spec,
  };
}

/** What is read, one after the other, the last for ever. */
function looking(...states: readonly (ApiObject | null)[]) {
  let reads = 0;
  let nowMs = 0;
  const wait = async (milliseconds: number): Promise<void> => {
    nowMs += milliseconds;
  };
  const read = async () => states[Math.min(reads++, states.length - 1)] ?? null;
  return checkLease({ read, wait, nowMs: () => nowMs, name: 'l', work: 'the work' });
}

t.test('checkLease believes a holder who renews, and nobody else', async (t) => {
  await t.resolves(looking(leaseOf('a', '1'), leaseOf('a', '1'), leaseOf('a', '2')));
  await t.resolves(looking(leaseOf('a', '1'), leaseOf('', '2'), leaseOf('b', '3')), 'another one took it');
  const nobody = 'nobody holds the lease kube-system/l: the work does not run in this cluster';
  await t.rejects(looking(null), { message: nobody });
  await t.rejects(looking(leaseOf('', '1')), { message: nobody });
  await t.rejects(looking(leaseOf('a', '1')), { message: 'the lease kube-system/l of a is not renewed' });
});
