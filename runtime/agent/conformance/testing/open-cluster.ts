/** One real agent that serves the API, and whoever asks it over HTTPS as an administrator, request by request. */
import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { Test } from 'tap';
import { parse } from 'yaml';
import { makeOperator, type Operator } from '../../testing/kubectl.ts';
import { makeNodes, type TestNode, until } from '../../testing/test-cluster.ts';

/** An object as JSON has it: what a test looks at is written into the test. */
// biome-ignore lint/suspicious/noExplicitAny: answers of any kind are held against what is expected by tap.
export type Json = any;

export interface Reply {
  readonly code: number;
  /** What JSON says; empty where the answer is none. */
  readonly object: Json;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface Asked {
  /** Sent as it is when it is a text, as JSON otherwise. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Event {
  readonly type: string;
  readonly object: Json;
}

export interface Watched {
  readonly events: readonly Event[];
  /** Waits until the events have these types, and of what they are about these names. */
  readonly saw: (type: string, name: string) => Promise<Event>;
  readonly close: () => void;
}

export interface Cluster {
  readonly node: TestNode;
  readonly operator: Operator;
  readonly ask: (method: string, path: string, asked?: Asked) => Promise<Reply>;
  /** A patch, as JSON merge patch unless another media type is named. */
  readonly patch: (path: string, body: unknown, type?: string) => Promise<Reply>;
  readonly watch: (path: string) => Promise<Watched>;
  /** Makes a namespace in which things can be made: its default account is there. */
  readonly namespace: (name: string) => Promise<string>;
}

interface Credentials {
  readonly host: string;
  readonly port: number;
  readonly agent: https.Agent;
}

/** Starts an agent, alone in its cluster, which ends with the test. */
export async function openCluster(t: Test): Promise<Cluster> {
  const operator = makeOperator(t, t.testdir());
  const operators = [{ name: operator.name, key: operator.key }];
  const [node] = (await makeNodes(t, { size: 1, expect: 1, api: true, more: { operators } })) as [TestNode];
  node.start();
  const credentials = await until('a kubeconfig is given', async () =>
    readCredentials(await operator.kubeconfig(node)),
  );
  t.teardown(() => credentials.agent.destroy());
  const ask: Cluster['ask'] = (method, path, asked = {}) => request(credentials, { method, path, ...asked });
  await until('the cluster is ready', async () => {
    const account = await ask('GET', '/api/v1/namespaces/default/serviceaccounts/default');
    const { items = [] } = (await ask('GET', '/api/v1/nodes')).object;
    return account.code === 200 && items.length > 0 && (await ask('GET', '/readyz')).code === 200;
  });
  return {
    ...{ node, operator, ask },
    patch: (path, body, type = 'application/merge-patch+json') =>
      ask('PATCH', path, { body, headers: { 'content-type': type } }),
    watch: (path) => watch(t, credentials, path),
    namespace: (name) => makeNamespace(ask, name),
  };
}

function readCredentials(file: string): Credentials {
  const { clusters, users } = parse(readFileSync(file, 'utf8'));
  const { server, 'certificate-authority-data': ca } = clusters[0].cluster;
  const { 'client-certificate-data': cert, 'client-key-data': key } = users[0].user;
  const { hostname: host, port } = new URL(server);
  const plain = (text: string) => Buffer.from(text, 'base64');
  const agent = new https.Agent({ keepAlive: true, ca: plain(ca), cert: plain(cert), key: plain(key) });
  return { host, port: Number(port), agent };
}

async function makeNamespace(ask: Cluster['ask'], name: string): Promise<string> {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  const { code, text } = await ask('POST', '/api/v1/namespaces', { body });
  if (code !== 201) throw new Error(`the namespace ${name} was not made: ${text}`);
  const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
  await until('its account is there', async () => (await ask('GET', account)).code === 200);
  return name;
}

function request(
  { agent, host, port }: Credentials,
  { method, path, body, headers = {} }: { method: string; path: string } & Asked,
): Promise<Reply> {
  const given = { accept: 'application/json', 'content-type': 'application/json', ...headers };
  return new Promise((resolve, reject) => {
    const asked = https.request({ host, port, agent, method, path, headers: given });
    asked.once('error', reject);
    asked.once('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(pieces).toString();
        resolve({ code: response.statusCode ?? 0, headers: response.headers, text, object: readJson(text) });
      });
    });
    if (body === undefined) asked.end();
    else asked.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
}

function readJson(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function watch(t: Test, { agent, host, port }: Credentials, path: string): Promise<Watched> {
  const events: Event[] = [];
  let rest = '';
  return new Promise((resolve, reject) => {
    const asked = https.request({
      host,
      port,
      agent,
      path: `${path}${path.includes('?') ? '&' : '?'}watch=1`,
    });
    asked.on('error', reject);
    const close = () => {
      asked.removeAllListeners('error').on('error', () => {});
      asked.destroy();
    };
    t.teardown(close);
    asked.once('response', (response) => {
      response.on('error', () => {});
      response.on('data', (piece: Buffer) => {
        const lines = (rest + piece.toString()).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) events.push(JSON.parse(line) as Event);
      });
      resolve({ events, close, saw: (type, name) => sawEvent(events, type, name) });
    });
    asked.end();
  });
}

function sawEvent(events: readonly Event[], type: string, name: string): Promise<Event> {
  return until(`${type} of ${name} is told`, async () => {
    const found = events.find((event) => event.type === type && event.object.metadata?.name === name);
    return found ?? null;
  });
}
