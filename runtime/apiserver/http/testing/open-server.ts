/** The API on a real port with a real store, and a client for either version of HTTP. */
import { generateKeyPairSync } from 'node:crypto';
import http2 from 'node:http2';
import https from 'node:https';
import type { Test } from 'tap';
import { createCertificateAuthority, issueNodeCertificate } from '../../../cluster/certificates.ts';
import type { Store } from '../../../datastore/store.ts';
import { openSoloStore } from '../../../datastore/testing/solo-store.ts';
import type { NodeId } from '../../../raft/types.ts';
import { convertStored } from '../../../resources/convert.ts';
import { strategyOf } from '../../../resources/strategies.ts';
import { allowMasters } from '../../authorization/authorizer.ts';
import { webhookCaller } from '../../custom-resources/conversion/call-webhook.ts';
import { openCustomKinds } from '../../custom-resources/custom-kinds.ts';
import { settleDefinitions } from '../../custom-resources/settle-definitions.ts';
import { noAdmission } from '../../handlers/admission.ts';
import { openKinds } from '../../handlers/kinds.ts';
import { realSurroundings } from '../../handlers/surroundings.ts';
import { registry } from '../../handlers/testing/open-kind.ts';
import { builtInGroupVersions } from '../../resources/built-in.ts';
import { type ApiServerOptions, apiServer } from '../api-server.ts';
import { openListener } from '../listener.ts';

const clusterId = '0011223344556677';

async function makeCertificate() {
  const authority = await createCertificateAuthority('test', clusterId);
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const nodeId = 'aaaaaaaaaaaaaaaa' as NodeId;
  const certificate = await issueNodeCertificate(authority, { clusterId, nodeId }, publicKey, 0);
  return { privateKey, certificate, caCertificate: authority.certificate };
}

interface Reply {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly bytes: Buffer;
}

/**
 * @param more in place of what is usual: everybody may do anything
 * @param withStore what is made of the store besides
 */
export async function openServer(
  t: Test,
  more: Partial<ApiServerOptions> = {},
  withStore: (store: Store) => Partial<ApiServerOptions> = () => ({}),
) {
  const { store } = await openSoloStore(t, t.testdir(), { compactEvery: 1_000_000 });
  const faults: unknown[] = [];
  const builtIn = openKinds({
    registry,
    store,
    groupVersions: builtInGroupVersions,
    strategyOf,
    convert: convertStored,
  });
  // Names of services are not known here: a webhook has an address.
  const callWebhook = webhookCaller(async (_, name) => {
    throw new Error(`service ${JSON.stringify(name)} not found`);
  });
  const kinds = openCustomKinds({ registry, store, builtIn, callWebhook });
  const settling = settleDefinitions({
    ...{ kinds, surroundings: realSurroundings },
    onFault: (error) => faults.push(error),
  });
  const user = { name: 'me', uid: '', groups: ['system:masters'], extra: {} };
  const certificate = await makeCertificate();
  const server = apiServer({
    ...{ registry, store, kinds, surroundings: realSurroundings, random: () => 0 },
    health: [{ name: 'ping', readinessOnly: false, run: async () => {} }],
    special: {},
    documents: () => [],
    version: { major: '1', minor: '32', gitVersion: 'v1.32.3' },
    ownAddress: () => '192.0.2.1:6443',
    around: (asked, run) => run(asked.request),
    onFault: (error) => faults.push(error),
    access: {
      authenticate: async () => ({ kind: 'user', user, audiences: [] }),
      authorizer: async () => allowMasters,
      admission: () => noAdmission,
    },
    ...more,
    ...withStore(store),
  });
  const listener = await openListener({
    ...{ address: '127.0.0.1', port: 0, certificate, handle: server.handle, upgrades: server.upgrades },
  });
  t.teardown(async () => {
    await listener.close();
    await settling.close();
    kinds.close();
  });
  return {
    store,
    kinds,
    registry,
    faults,
    listener,
    server,
    ...clientOf(t, listener.port, certificate.caCertificate),
  };
}

function clientOf(t: Test, port: number, ca: string) {
  const agent = new https.Agent({ keepAlive: true, ca, checkServerIdentity: () => undefined });
  t.teardown(() => agent.destroy());
  const open = (method: string, path: string, headers: Record<string, string | string[]> = {}) =>
    https.request({ host: '127.0.0.1', port, method, path, headers, agent });
  const ask = (
    method: string,
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string | string[]> } = {},
  ): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const request = open(method, path, headers);
      request.once('error', reject);
      request.once('response', (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.once('error', reject);
        response.once('end', () => {
          const bytes = Buffer.concat(pieces);
          resolve({
            code: response.statusCode ?? 0,
            headers: response.headers,
            text: bytes.toString(),
            bytes,
          });
        });
      });
      if (body === undefined) request.end();
      else request.end(typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body));
    });
  const connect2 = () => {
    const session = http2.connect(`https://127.0.0.1:${port}`, { ca, checkServerIdentity: () => undefined });
    session.on('error', () => {});
    t.teardown(() => session.destroy());
    return session;
  };
  return { ask, open, connect2 };
}

/** Waits for what comes about elsewhere, with a bound. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 6000) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
