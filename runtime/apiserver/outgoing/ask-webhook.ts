/**
 * Asks a webhook over HTTPS, whether it admits or converts: at an address, or at a service of the cluster. What it answers is bounded,
 * and so is its time. (k8s.io/apiserver/pkg/util/webhook)
 */
import https from 'node:https';
import { parseJson, stringifyJson } from '../objects/json-text.ts';
import { isNestedDeeper } from '../objects/nesting.ts';
import { readAnswer } from './read-answer.ts';

export interface WebhookAddress {
  readonly url?: string | undefined;
  readonly service?: ServiceReference | undefined;
  /** PEM in Base64. */
  readonly caBundle?: string | undefined;
}

interface ServiceReference {
  readonly namespace?: string;
  readonly name?: string;
  readonly path?: string | undefined;
  readonly port?: number | undefined;
}

export interface AskOptions {
  readonly timeoutSeconds: number;
  /** Of the answer. */
  readonly mostBytes: number;
}

/** Where a service is reached now. Rejects where nobody serves it. */
export type ResolveService = (
  namespace: string,
  name: string,
  port: number,
) => Promise<{ readonly host: string; readonly port: number }>;

const usualPort = 443;

/** @returns the JSON of the answer. Rejects with an `Error` whose message names the address and says why. */
export async function askWebhook(
  address: WebhookAddress,
  resolve: ResolveService,
  review: object,
  options: AskOptions,
): Promise<unknown> {
  const url = urlOf(address);
  url.searchParams.set('timeout', `${options.timeoutSeconds}s`);
  try {
    const bytes = await post(url, await connectionOf(address, url, resolve), review, options);
    if (isNestedDeeper(bytes)) throw new Error('the answer is nested too deeply');
    return parseJson(bytes.toString('utf8'));
  } catch (error) {
    const { name, message } = error as Error;
    const why = name === 'TimeoutError' || name === 'AbortError' ? 'context deadline exceeded' : message;
    throw new Error(`Post "${url.href}": ${why}`, { cause: error });
  }
}

function urlOf({ url, service }: WebhookAddress): URL {
  const { namespace = '', name = '', port = usualPort, path = '' } = service ?? {};
  const own = service === undefined ? (url ?? '') : `https://${name}.${namespace}.svc:${port}${path}`;
  if (!URL.canParse(own)) throw new Error(`${JSON.stringify(own)} is no URL`);
  const target = new URL(own);
  if (target.protocol !== 'https:') throw new Error('its URL is not of HTTPS');
  return target;
}

interface Connection {
  readonly host: string;
  readonly port: number;
  readonly servername: string;
  readonly ca: string | undefined;
}

async function connectionOf(
  { caBundle, service }: WebhookAddress,
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

function post(
  url: URL,
  { ca, ...place }: Connection,
  review: object,
  { timeoutSeconds, mostBytes }: AskOptions,
): Promise<Buffer> {
  const body = Buffer.from(stringifyJson(review));
  const headers = {
    ...{ host: url.host, 'content-type': 'application/json', accept: 'application/json' },
    'content-length': body.length,
  };
  return new Promise((resolve, reject) => {
    const request = https.request({
      ...place,
      ...(ca === undefined ? {} : { ca }),
      ...{ method: 'POST', path: `${url.pathname}${url.search}`, headers, agent: false },
      signal: AbortSignal.timeout(timeoutSeconds * 1_000),
    });
    request.once('error', reject);
    request.once('response', (response) => {
      const { statusCode = 0 } = response;
      readAnswer(response, mostBytes).then((bytes) => {
        if (statusCode >= 200 && statusCode < 300) resolve(bytes);
        else reject(new Error(`the server answered with the code ${statusCode}`));
      }, reject);
    });
    request.end(body);
  });
}
