/** Asks a webhook over HTTPS. What it answers is bounded, and so is its time. */
import https from 'node:https';
import { parseJson, stringifyJson } from '../../objects/json-text.ts';
import type { WebhookClientConfig } from '../../schemas/generated/types/api-admissionregistration-v1.ts';

export interface CallTarget {
  readonly clientConfig: WebhookClientConfig;
  readonly timeoutSeconds: number;
}

/** Where a service is reached now. Rejects where nobody serves it. */
export type ResolveService = (
  namespace: string,
  name: string,
  port: number,
) => Promise<{ readonly host: string; readonly port: number }>;

/** A webhook that could not be asked. The message says why. */
export class CallError extends Error {
  override readonly name = 'CallError';
}

/** As long as a body that the server itself takes. */
const mostBytes = 3 * 1024 * 1024;
const usualPort = 443;

/** @returns the JSON of the answer. @throws CallError */
export async function callWebhook(
  { clientConfig, timeoutSeconds }: CallTarget,
  resolve: ResolveService,
  review: object,
): Promise<unknown> {
  const url = urlOf(clientConfig, timeoutSeconds);
  try {
    const bytes = await post(url, await connectionOf(clientConfig, url, resolve), review, timeoutSeconds);
    return parseJson(bytes.toString('utf8'));
  } catch (error) {
    const { name, message } = error as Error;
    const why = name === 'TimeoutError' || name === 'AbortError' ? 'context deadline exceeded' : message;
    throw new CallError(`failed to call webhook: Post "${url.href}": ${why}`, { cause: error });
  }
}

function urlOf({ url, service }: WebhookClientConfig, timeoutSeconds: number): URL {
  const { namespace = '', name = '', port = usualPort, path = '' } = service ?? {};
  const own = service === undefined ? (url ?? '') : `https://${name}.${namespace}.svc:${port}${path}`;
  if (!URL.canParse(own)) throw new CallError(`failed to call webhook: ${JSON.stringify(own)} is no URL`);
  const target = new URL(own);
  if (target.protocol !== 'https:') throw new CallError('failed to call webhook: its URL is not of HTTPS');
  target.searchParams.set('timeout', `${timeoutSeconds}s`);
  return target;
}

interface Connection {
  readonly host: string;
  readonly port: number;
  readonly servername: string;
  readonly ca: string | undefined;
}

async function connectionOf(
  { caBundle, service }: WebhookClientConfig,
  { hostname, port }: URL,
  resolve: ResolveService,
): Promise<Connection> {
  const number = port === '' ? usualPort : Number(port);
  const host = hostname.replace(/^\[|\]$/g, '');
  const bundle = String(caBundle ?? '');
  const ca = bundle === '' ? undefined : Buffer.from(bundle, 'base64').toString();
  if (service === undefined) return { host, port: number, servername: isAddress(host) ? '' : host, ca };
  const found = await resolve(service.namespace ?? '', service.name ?? '', number);
  return { ...found, servername: host, ca };
}

/** A name in the handshake is never an address. */
function isAddress(host: string): boolean {
  return host.includes(':') || /^[0-9.]+$/.test(host);
}

function post(url: URL, to: Connection, review: object, timeoutSeconds: number): Promise<Buffer> {
  const body = Buffer.from(stringifyJson(review));
  const headers = {
    ...{ host: url.host, 'content-type': 'application/json', accept: 'application/json' },
    'content-length': body.length,
  };
  const { ca, ...place } = to;
  return new Promise((resolve, reject) => {
    const request = https.request({
      ...place,
      ...(ca === undefined ? {} : { ca }),
      ...{ method: 'POST', path: `${url.pathname}${url.search}`, headers, agent: false },
      signal: AbortSignal.timeout(timeoutSeconds * 1_000),
    });
    request.once('error', reject);
    request.once('response', (response) => {
      const pieces: Buffer[] = [];
      let length = 0;
      response.on('data', (piece: Buffer) => {
        length += piece.length;
        if (length > mostBytes) request.destroy(new Error(`the answer is longer than ${mostBytes} bytes`));
        else pieces.push(piece);
      });
      response.once('error', reject);
      response.once('end', () => {
        const { statusCode = 0 } = response;
        if (statusCode >= 200 && statusCode < 300) resolve(Buffer.concat(pieces));
        else reject(new Error(`the server answered with the code ${statusCode}`));
      });
    });
    request.end(body);
  });
}
