/** A server of webhooks on loopback, which is reached by its address. */
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { makeAuthority, serverUsage } from '../../../apiserver/authentication/testing/certificates.ts';
import type { Json } from './open-cluster.ts';

/** What is answered to a review's request; whoever wants to let others wait takes its time. */
export type Hook = (request: Json) => object | Promise<object>;

export interface WebhookServer {
  /** For `clientConfig`. */
  readonly clientConfig: (path: string) => { readonly url: string; readonly caBundle: string };
}

/** @param hooks by path; reviews of admission and of conversion alike */
export async function openWebhookServer(
  t: Test,
  hooks: Readonly<Record<string, Hook>>,
): Promise<WebhookServer> {
  const authority = await makeAuthority('CN=conformance');
  const issued = await authority.issue('CN=hook', { address: '127.0.0.1', usages: [serverUsage] });
  const server = https.createServer({ key: issued.privateKey, cert: issued.pem }, (asked, answer) => {
    const pieces: Buffer[] = [];
    asked.on('data', (piece: Buffer) => pieces.push(piece));
    asked.on('end', async () => {
      const { apiVersion, kind, request } = JSON.parse(Buffer.concat(pieces).toString());
      const hook = hooks[new URL(asked.url ?? '', 'https://hook').pathname] as Hook;
      const response = { uid: request.uid, ...(await hook(request)) };
      answer.end(JSON.stringify({ apiVersion, kind, response }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const caBundle = Buffer.from(authority.pem).toString('base64');
  return { clientConfig: (path) => ({ url: `https://127.0.0.1:${port}${path}`, caBundle }) };
}

export const allows: Hook = () => ({ allowed: true });

export function denies(message: string): Hook {
  return () => ({ allowed: false, status: { message, reason: message } });
}

/** @param operations a JSON patch, of what is asked about */
export function patches(operations: (object: Json) => readonly object[]): Hook {
  return ({ object }) => ({
    ...{ allowed: true, patchType: 'JSONPatch' },
    patch: Buffer.from(JSON.stringify(operations(object))).toString('base64'),
  });
}
