/** `trivet status --server` and `trivet kubeconfig`: a person at the build machine asks a node with the operator's key. */

import { existsSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import * as z from 'zod';
import type { ClusterStatus, OperatorCertificate } from '../admin/protocol.ts';
import { formatKubeconfig, type KubeconfigNode } from '../operator/kubeconfig.ts';
import { operatorDirectory, readOperatorKey } from '../operator/operator-key.ts';
import { type Answerer, askNode, describeKey, type SessionOptions } from '../operator/session.ts';
import { defaultPeerPort, formatEndpoint, parseEndpoint } from '../peers/address-book.ts';
import type { Endpoint } from '../peers/dial.ts';
import { nodeAddresses } from '../peers/node-addresses.ts';
import { CommandError, usageError } from './command-error.ts';
import { formatStatus } from './status.ts';

export interface RemoteOptions {
  /** HOST or HOST:PORT. */
  readonly server: string;
  readonly cluster: string | undefined;
  readonly fingerprint: string | undefined;
  /** The directory of the operator's key. */
  readonly keys: string | undefined;
}

export interface RemoteStatusOptions extends RemoteOptions {
  readonly json: boolean;
  readonly waitHa: boolean;
  /** Seconds to wait with `waitHa`. */
  readonly timeout: number;
}

export interface KubeconfigOptions extends RemoteOptions {
  readonly out: string | undefined;
  readonly force: boolean;
  /** Where the nodes serve the Kubernetes API. */
  readonly apiPort: number;
}

const pauseMilliseconds = 1_000;
/** For a node to take a connection. */
const reachMilliseconds = 3_000;
const certificateSchema: z.ZodType<OperatorCertificate> = z.object({
  clusterName: z.string(),
  operator: z.string().max(63),
  certificate: z.string().includes('BEGIN CERTIFICATE').max(262_144),
  caCertificate: z.string().includes('BEGIN CERTIFICATE').max(262_144),
});

/** Prints what the node says, and who it was. With `waitHa` it waits, also for a node that does not answer yet. */
export async function remoteStatusCommand(options: RemoteStatusOptions): Promise<void> {
  const session = await openSession(options);
  const { answerer, answer } = options.waitHa
    ? await waitForHa(session, options.timeout)
    : await ask('status', session);
  const status = answer as ClusterStatus;
  process.stdout.write(
    options.json ? `${JSON.stringify(status, null, 2)}\n` : formatStatus(status) + formatAnswerer(answerer),
  );
  if (options.waitHa && !status.highAvailability) {
    const reason = status.reason ?? 'no reason known';
    throw new CommandError(`Not highly available after ${options.timeout} s: ${reason}`);
  }
}

/** Writes a kubeconfig with a certificate of the cluster's CA for the operator's key. */
export async function kubeconfigCommand(options: KubeconfigOptions): Promise<void> {
  const { out, force } = options;
  if (out !== undefined && !force && existsSync(out))
    throw usageError(`${out} exists: name another file with --out, or replace it with --force.`);
  const session = await openSession(options);
  const { answerer, answer } = await ask('certificate', session);
  const parsed = certificateSchema.safeParse(answer);
  if (!parsed.success || answerer.cluster === null)
    throw new CommandError(`${options.server} does not answer as a member of a cluster does.`);
  const nodes = await findNodes(session, answerer, options.apiPort);
  const text = formatKubeconfig({
    ...parsed.data,
    ...{ cluster: answerer.cluster, nodes, privateKey: session.key.privateKey },
  });
  if (out === undefined) process.stdout.write(text);
  else writePrivate(out, text);
  process.stderr.write(
    `trivet: ${out ?? 'the kubeconfig'} is for the cluster ${answerer.cluster}, until its CA changes (trivet ca rotate, the removal of a node). It names ${nodes.length === 1 ? 'one node' : `${nodes.length} nodes, each as a context`}; kubectl uses ${nodes[0]?.name}.\n`,
  );
}

/** Those that answer first, among them the one that was asked. At least that one. */
async function findNodes(
  session: SessionOptions,
  answerer: Answerer,
  port: number,
): Promise<readonly KubeconfigNode[]> {
  const { nodes } = (await ask('status', session)).answer as ClusterStatus;
  const asked = { name: answerer.name, host: session.server.host, port };
  const others = nodes
    .filter(({ name }) => name !== answerer.name)
    .map(({ name, address, hosts = [] }) => {
      const seen = parseEndpoint(address, defaultPeerPort)?.host ?? '';
      return { name, host: nodeAddresses(seen, hosts)[0] ?? seen, port };
    })
    .filter(({ host }) => host !== '');
  const all = await Promise.all(
    [asked, ...others].map(async (node) => ({ node, answers: await listens(node) })),
  );
  const ordered = [...all.filter(({ answers }) => answers), ...all.filter(({ answers }) => !answers)];
  if (!all.some(({ answers }) => answers))
    session.say(
      `no node answers on port ${port} from here: name the port of the Kubernetes API with --api-port, or open it in the firewall`,
    );
  return ordered.map(({ node }) => node);
}

function listens({ host, port }: KubeconfigNode): Promise<boolean> {
  const socket = net.connect({ host, port, timeout: reachMilliseconds });
  return new Promise((resolve) => {
    const end = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}

async function openSession(options: RemoteOptions): Promise<SessionOptions> {
  const directory = options.keys ?? operatorDirectory();
  const key = readOperatorKey(directory);
  const { createSelfSigned } = await import('../cluster/certificates.ts');
  return {
    ...{ server: readServer(options.server), directory, key },
    cluster: readCluster(options.cluster),
    fingerprint: readFingerprint(options.fingerprint),
    certificate: await createSelfSigned(key.privateKey, 'operator'),
    say: (text) => process.stderr.write(`trivet: ${text}\n`),
  };
}

function readServer(text: string): Endpoint {
  // A bare IPv6 address cannot be told from one with a port but by its colons.
  const bare = (text.match(/:/g)?.length ?? 0) > 1 && !text.startsWith('[');
  const endpoint = parseEndpoint(bare ? `[${text}]` : text, defaultPeerPort);
  if (endpoint === null || endpoint.port === 0 || endpoint.host === '')
    throw usageError(`--server ${text}: it must be HOST or HOST:PORT, with an IPv6 address in brackets.`);
  return endpoint;
}

function readCluster(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw usageError(`--cluster ${text}: it must be 1 to 63 lower-case letters, digits or hyphens.`);
}

function readFingerprint(text: string | undefined): string | null {
  if (text === undefined) return null;
  const digits = text
    .replace(/^SHA256:/i, '')
    .replaceAll(/[:\s]/g, '')
    .toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return digits;
  throw usageError('--fingerprint must be 64 hexadecimal digits, as the node shows them on its console.');
}

async function ask(
  method: 'status' | 'certificate',
  session: SessionOptions,
): Promise<{ answerer: Answerer; answer: unknown }> {
  try {
    return await askNode(method, session);
  } catch (error) {
    throw explain(error as Error, session);
  }
}

/** Only failures to be asked pass with time; a server that is not trusted does not become so. */
async function waitForHa(
  session: SessionOptions,
  seconds: number,
): Promise<{ answerer: Answerer; answer: unknown }> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const left = deadline - performance.now();
    try {
      const answered = await askNode('status', session);
      if ((answered.answer as ClusterStatus).highAvailability || left <= 0) return answered;
    } catch (error) {
      if (!isPassing(error as Error) || left <= 0) throw explain(error as Error, session);
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMilliseconds, Math.max(0, left))));
  }
}

function isPassing(error: Error & { readonly code?: string }): boolean {
  return error.name === 'DialError' || (error.name === 'RpcError' && error.code !== 'unknownOperator');
}

function explain(error: Error & { readonly code?: string }, session: SessionOptions): Error {
  const where = formatEndpoint(session.server);
  if (error.name === 'RpcError') {
    const key = error.code === 'unknownOperator' ? ` ${describeKey(session.key)}` : '';
    return new CommandError(`${where}: ${error.message}${key}`);
  }
  return new CommandError(error.message);
}

function formatAnswerer({ fingerprint, cluster }: Answerer): string {
  const remark =
    cluster === null
      ? ' (nothing else proves who this is: compare it with the console, or use --fingerprint)'
      : '';
  return `answered:  key SHA256:${fingerprint}${remark}\n`;
}

/** For its owner alone, also where a file with other rights was there. */
function writePrivate(file: string, text: string): void {
  try {
    rmSync(file, { force: true });
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new CommandError(`${file} cannot be written: ${(error as Error).message}.`);
  }
}
