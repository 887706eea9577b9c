/**
 * The metadata servers of the clouds, as faithful as their documents tell: what they demand of a request, how they refuse
 * one, and what they answer. Faults are put in by path.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Cloud } from '../platform.ts';

export interface Instance {
  /** As its owner gave it; null for none. */
  readonly userData: Buffer | null;
  /** GCE's own attribute for us. */
  readonly trivetConfig?: string;
  /** As its owner gave them; on EC2 their being there also says that the instance may read them. */
  readonly tags?: Readonly<Record<string, string>>;
  /** In the cloud's own words; null for none. */
  readonly zone?: string | null;
}

/**
 * A status, or: `hang` never answers, `drip` answers a byte at a time, `endless` never ends, `garbage` is not HTTP, `cut`
 * ends in the middle, `headers` sends too many of them.
 */
export type Fault = number | 'hang' | 'drip' | 'endless' | 'garbage' | 'cut' | 'headers';

export interface MetadataServerOptions {
  readonly address?: string;
  readonly port?: number;
  /** By the beginning of a path; `times` counts how often, for ever when absent. */
  readonly faults?: readonly { readonly path: string; readonly fault: Fault; readonly times?: number }[];
}

export interface RunningServer {
  readonly base: string;
  /** "METHOD path" of every request. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

type Answer = readonly [status: number, body?: Buffer | string, headers?: Record<string, string>];

export async function startMetadataServer(
  cloud: Cloud,
  instance: Instance,
  options: MetadataServerOptions = {},
): Promise<RunningServer> {
  const answer = {
    ec2: ec2(instance),
    gce: gce(instance),
    azure: azure(instance),
    openstack: openStack(instance),
  }[cloud];
  const left = (options.faults ?? []).map((fault) => ({ times: Number.POSITIVE_INFINITY, ...fault }));
  const requests: string[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const fault = left.find(({ path, times }) => times > 0 && request.url?.startsWith(path));
    if (fault !== undefined) {
      fault.times -= 1;
      misbehave(fault.fault, response, timers);
      return;
    }
    const [status, body = '', headers = {}] = answer(request);
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.address ?? '127.0.0.1', resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  const close = (): Promise<void> => {
    for (const timer of timers) clearInterval(timer);
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return { base: `http://${address}:${port}`, requests, close };
}

function misbehave(fault: Fault, response: ServerResponse, timers: Set<NodeJS.Timeout>): void {
  const megabyte = Buffer.alloc(1024 * 1024, 'x');
  switch (fault) {
    case 'hang':
      return;
    case 'drip':
      response.writeHead(200);
      timers.add(setInterval(() => response.write('x'), 50));
      return;
    case 'endless':
      response.writeHead(200);
      timers.add(setInterval(() => response.write(megabyte), 5));
      return;
    case 'garbage':
      response.socket?.end('\x00\x01 this is not HTTP\r\n\r\n');
      return;
    case 'cut':
      response.writeHead(200, { 'content-length': '1000' }).write('#trivet');
      setTimeout(() => response.socket?.destroy(), 20);
      return;
    case 'headers':
      response.writeHead(200, { 'x-long': 'x'.repeat(12_000) }).end();
      return;
    default:
      response.writeHead(fault, { location: 'http://192.0.2.1/stolen' }).end('not now');
  }
}

/** Version 2 of the service, version 1 switched off: nothing without a token. */
function ec2({
  userData,
  tags = {},
  zone = 'eu-central-1b',
}: Instance): (request: IncomingMessage) => Answer {
  const tokens = new Map<string, number>();
  const root = '/latest/meta-data';
  const files: Readonly<Record<string, Buffer | string | null>> = {
    ...Object.fromEntries(
      Object.entries(tags).map(([key, value]) => [`${root}/tags/instance/${key}`, value]),
    ),
    [`${root}/placement/availability-zone`]: zone,
    '/latest/user-data': userData,
    '/latest/meta-data/instance-id': 'i-0123456789abcdef0',
    '/latest/meta-data/local-hostname': 'ip-10-0-0-7.ec2.internal',
  };
  return ({ method, url = '', headers }) => {
    if (headers['x-forwarded-for'] !== undefined) return [403];
    if (url === '/latest/api/token') {
      if (method !== 'PUT') return [405, '', { allow: 'PUT' }];
      const seconds = Number(headers['x-aws-ec2-metadata-token-ttl-seconds']);
      if (!(seconds >= 1 && seconds <= 21_600)) return [400];
      const token = `AQAEA${tokens.size}-token==`;
      tokens.set(token, Date.now() + seconds * 1000);
      return [200, token, { 'x-aws-ec2-metadata-token-ttl-seconds': String(seconds) }];
    }
    if (method !== 'GET') return [405];
    if (!((tokens.get(String(headers['x-aws-ec2-metadata-token'])) ?? 0) > Date.now())) return [401];
    const file = files[url] ?? null;
    return file === null ? [404] : [200, file];
  };
}

function gce({
  userData,
  trivetConfig,
  tags = {},
  zone = 'projects/1234/zones/europe-west3-a',
}: Instance): (request: IncomingMessage) => Answer {
  const base = '/computeMetadata/v1/instance';
  const files: Readonly<Record<string, Buffer | string | null | undefined>> = {
    ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${base}/attributes/${key}`, value])),
    [`${base}/zone`]: zone,
    [`${base}/attributes/trivet-config`]: trivetConfig,
    [`${base}/attributes/user-data`]: userData,
    [`${base}/id`]: '1234567890123456789',
    [`${base}/hostname`]: 'one.c.project.internal',
  };
  const flavor = { 'metadata-flavor': 'Google', server: 'Metadata Server for VM' };
  return ({ method, url = '', headers }) => {
    if (headers['metadata-flavor'] !== 'Google' || headers['x-forwarded-for'] !== undefined)
      return [403, '', flavor];
    if (method !== 'GET') return [405, '', flavor];
    const file = files[url] ?? null;
    return file === null ? [404, '', flavor] : [200, file, flavor];
  };
}

function azure({ userData, tags = {}, zone = '2' }: Instance): (request: IncomingMessage) => Answer {
  return ({ method, url = '', headers }) => {
    const { pathname, searchParams } = new URL(url, 'http://azure');
    if (headers.metadata !== 'true' || headers['x-forwarded-for'] !== undefined) {
      return [400, '{ "error": "Bad request. Required metadata header not specified" }'];
    }
    if (method !== 'GET') return [405];
    // Versions before this one have no user data.
    if ((searchParams.get('api-version') ?? '') < '2021-01-01') {
      return [400, '{ "error": "Bad request. api-version is invalid or was not specified in the request." }'];
    }
    if (pathname !== '/metadata/instance/compute') return [404];
    const compute = {
      ...{ azEnvironment: 'AzurePublicCloud', name: 'one', vmId: '02aab8a4-74ef-476e-8182-f6d2ba4166a6' },
      ...{ osProfile: { adminUsername: 'azureuser', computerName: 'one-computer' } },
      ...{ location: 'westeurope', zone: zone ?? '', platformFaultDomain: '0' },
      tags: Object.entries(tags)
        .map(([name, value]) => `${name}:${value}`)
        .join(';'),
      tagsList: Object.entries(tags).map(([name, value]) => ({ name, value })),
      userData: userData?.toString('base64') ?? '',
    };
    return [200, JSON.stringify(compute), { 'content-type': 'application/json; charset=utf-8' }];
  };
}

function openStack({ userData, tags, zone = 'nova' }: Instance): (request: IncomingMessage) => Answer {
  const metadata = {
    ...{ uuid: '83679162-1378-4288-a2d4-70e13ec132aa', hostname: 'one.novalocal', name: 'one' },
    ...{ availability_zone: zone, ...(tags === undefined ? {} : { meta: tags }) },
  };
  return ({ method, url }) => {
    if (method !== 'GET') return [405];
    if (url === '/openstack/latest/meta_data.json') return [200, JSON.stringify(metadata)];
    return url === '/openstack/latest/user_data' && userData !== null ? [200, userData] : [404];
  };
}
