/** Asks a webhook to convert objects: over TLS, whose certificate the definition's own authority has signed. */
import https from 'node:https';
import { parseJson, stringifyJson } from '../../objects/json-text.ts';
import { isNestedDeeper } from '../../objects/nesting.ts';
import type { WebhookConversion } from '../../schemas/generated/types/apiextensions-v1.ts';

/** Rejects with an `Error` whose message says why. */
export type CallWebhook = (webhook: WebhookConversion, review: object) => Promise<unknown>;

export interface ServicePlace {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** Where a service is reached from this node; null: nowhere. */
export type FindService = (
  service: ServicePlace,
) => Promise<{ readonly host: string; readonly port: number } | null>;

const patienceMilliseconds = 30_000;
/** Of an answer; what is asked is limited by what a list may hold. */
const mostBytes = 64 * 1024 * 1024;

export function webhookCaller(findService: FindService): CallWebhook {
  return async ({ clientConfig, conversionReviewVersions }, review) => {
    if (!conversionReviewVersions.includes('v1'))
      throw new Error('the webhook understands no version of ConversionReview that this server does');
    const { url, service, caBundle } = clientConfig ?? {};
    if (service === undefined || service === null)
      return await post(new URL(url ?? ''), {}, caBundle, review);
    const { namespace, name, path = '/', port = 443 } = service;
    const place = await findService({ namespace, name, port });
    if (place === null) throw new Error(`service ${JSON.stringify(name)} not found`);
    const host = place.host.includes(':') ? `[${place.host}]` : place.host;
    const target = new URL(path === '' ? '/' : path, `https://${host}:${place.port}`);
    return await post(target, { servername: `${name}.${namespace}.svc` }, caBundle, review);
  };
}

async function post(
  url: URL,
  more: https.RequestOptions,
  caBundle: string | undefined,
  review: object,
): Promise<unknown> {
  const signal = AbortSignal.timeout(patienceMilliseconds);
  const ca = caBundle === undefined || caBundle === '' ? {} : { ca: Buffer.from(caBundle, 'base64') };
  const body = Buffer.from(stringifyJson(review));
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    'content-length': body.length,
  };
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const request = https.request(url, { method: 'POST', headers, signal, agent: false, ...ca, ...more });
  request.once('error', (error) => reject(new Error(`Post ${JSON.stringify(url.href)}: ${error.message}`)));
  request.once('response', (response) => {
    const pieces: Buffer[] = [];
    let length = 0;
    response.on('data', (piece: Buffer) => {
      length += piece.length;
      pieces.push(piece);
      if (length > mostBytes) request.destroy(new Error('the answer is too large'));
    });
    response.once('error', reject);
    response.once('end', () => {
      if (response.statusCode === 200) resolve(Buffer.concat(pieces));
      else reject(new Error(`the server responded with status ${response.statusCode}`));
    });
  });
  request.end(body);
  const answer = await promise;
  if (isNestedDeeper(answer)) throw new Error('the answer is nested too deeply');
  return parseJson(answer.toString());
}
