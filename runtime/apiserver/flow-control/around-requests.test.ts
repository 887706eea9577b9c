import t from 'tap';
import { openServer } from '../http/testing/open-server.ts';
import type { PriorityLevelConfiguration } from '../schemas/generated/types/api-flowcontrol-v1.ts';
import { aroundRequests } from './around-requests.ts';
import { openFlowControl } from './flow-control.ts';

const user = { name: 'me', uid: '', groups: ['system:authenticated'], extra: {} };

/** A server with one seat for everybody. */
async function open(t: Parameters<typeof openServer>[0]) {
  const control = openFlowControl({
    ...{ totalSeats: 1, longestWaitMs: 60_000, nowMs: () => 0 },
    after: () => () => {},
  });
  const catchAll: PriorityLevelConfiguration = {
    metadata: { name: 'catch-all', uid: 'level' },
    spec: {
      type: 'Limited',
      limited: { nominalConcurrencyShares: 1, lendablePercent: 0, limitResponse: { type: 'Reject' } },
    },
  };
  control.configure([], [catchAll]);
  const held = Promise.withResolvers<void>();
  const server = await openServer(t, {
    around: aroundRequests(control, () => null),
    access: {
      authenticate: async () => ({ kind: 'user', user, audiences: [] }),
      authorizer: async () => () => ({ isAllowed: true, reason: '' }),
      admission: () => ({ mutate: async ({ object }) => object, validate: () => held.promise }),
    },
  });
  return { ...server, finish: held.resolve };
}

const body = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' } };
const headers = { 'content-type': 'application/json' };

t.test('aroundRequests refuses what has no place, and says under which level', async (t) => {
  const { ask, finish } = await open(t);
  const slow = ask('POST', '/api/v1/namespaces/d/configmaps', { body, headers });
  let refused = await ask('GET', '/api/v1/pods');
  for (let tries = 0; refused.code === 200 && tries < 1_000; tries += 1)
    refused = await ask('GET', '/api/v1/pods');
  t.match(refused, {
    code: 429,
    headers: { 'retry-after': '1' },
    text: 'Too many requests, please try again later.\n',
  });
  t.equal(refused.headers['x-kubernetes-pf-prioritylevel-uid'], 'level');
  finish();
  t.equal((await slow).code, 201);
  t.equal((await ask('GET', '/api/v1/pods')).code, 200);
});

t.test('aroundRequests takes a seat of a watch for its beginning only', async (t) => {
  const { open: connect, ask, finish } = await open(t);
  finish();
  t.equal((await ask('POST', '/api/v1/namespaces/d/configmaps', { body, headers })).code, 201);
  const opened = (query: string) =>
    new Promise<void>((resolve, reject) => {
      const request = connect('GET', `/api/v1/configmaps?watch=true&${query}`);
      request.once('error', reject);
      request.once('response', (response) => {
        t.equal(response.statusCode, 200);
        t.teardown(() => request.destroy());
        response.on('error', () => {});
        resolve();
      });
      request.end();
    });
  const { text } = await ask('GET', '/api/v1/configmaps');
  const { metadata } = JSON.parse(text) as { metadata: { resourceVersion: string } };
  for (let number = 0; number < 3; number += 1) await opened(`resourceVersion=${metadata.resourceVersion}`);
  t.equal((await ask('GET', '/api/v1/pods')).code, 200);
});
