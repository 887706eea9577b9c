/** Webhooks of a test: a real server, which answers by the path, and keeps what it was asked. */
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { makeAuthority, serverUsage } from '../../authentication/testing/certificates.ts';

export interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly request: Record<string, unknown> & { uid: string };
}
type Answer = object | string | null;

/** A real server on loopback. `null` never answers; whoever wants to let others wait takes its time. */
export async function serveHooks(
  t: Test,
  answers: Readonly<Record<string, (review: Review) => Answer | Promise<Answer>>>,
) {
  const authority = await makeAuthority('CN=hooks');
  const issued = await authority.issue('CN=hook', {
    address: '127.0.0.1',
    hostName: 'hook.d.svc',
    usages: [serverUsage],
  });
  const seen: Review[] = [];
  const server = https.createServer({ key: issued.privateKey, cert: issued.pem }, (request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', async () => {
      const review = JSON.parse(Buffer.concat(pieces).toString()) as Review;
      seen.push(review);
      const answer = (await answers[new URL(request.url ?? '', 'https://x').pathname]?.(review)) ?? null;
      if (answer !== null) response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const caBundle = Buffer.from(authority.pem).toString('base64');
  return { seen, port, caBundle, url: (path: string) => `https://127.0.0.1:${port}${path}` };
}

export const answering = (more: object) => (review: Review) => ({
  ...{ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' },
  response: { uid: review.request.uid, allowed: true, ...more },
});
export const patching = (...operations: object[]) =>
  answering({ patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(operations)).toString('base64') });
