/** Asks one node one thing as an operator: connects, judges who answers, remembers its cluster, and asks. */
import * as z from 'zod';
import type { OperatorHello } from '../admin/protocol.ts';
import { formatEndpoint } from '../peers/address-book.ts';
import type { Endpoint } from '../peers/dial.ts';
import { memberFrameLimitBytes } from '../peers/frames.ts';
import { dialAsOperator } from '../peers/operators.ts';
import { RpcClient } from '../peers/rpc.ts';
import { fingerprintOf } from '../peers/trust.ts';
import { authorityFingerprint, judgeServer } from './judge-server.ts';
import { KnownClusters } from './known-clusters.ts';
import { type OperatorKey, operatorFingerprint } from './operator-key.ts';
import { recognize } from './recognize.ts';

const longestBundle = 262_144;
const helloSchema: z.ZodType<OperatorHello> = z.object({
  // It becomes the name of a file.
  clusterName: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
  clusterId: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .nullable(),
  name: z.string().max(63),
  ca: z.string().max(longestBundle),
  history: z.string().max(longestBundle),
});
const answerMilliseconds = 15_000;

export interface SessionOptions {
  readonly server: Endpoint;
  /** What the person calls the cluster; null for its own name. */
  readonly cluster: string | null;
  /** Of the key of the node that must answer, 64 hexadecimal digits. */
  readonly fingerprint: string | null;
  /** Where key and known clusters are. */
  readonly directory: string;
  readonly key: OperatorKey;
  /** A certificate of the key, in PEM. */
  readonly certificate: string;
  /** Takes what a person should know, in sentences. */
  readonly say: (text: string) => void;
}

/** Who has answered. */
export interface Answerer {
  readonly name: string;
  /** Of its key, 64 hexadecimal digits. */
  readonly fingerprint: string;
  /** What its cluster is called here; null for a machine that is no member yet, which nothing vouches for. */
  readonly cluster: string | null;
}

/** Who answers is not who should; nothing was asked. */
export class UntrustedServerError extends Error {
  override readonly name = 'UntrustedServerError';
}

/**
 * Rejects with `DialError` or `RpcError` when the node cannot be asked or says no, with `UntrustedServerError` when it is not
 * whom it should be, and with `KnownClusterError`.
 */
export async function askNode(
  method: 'status' | 'certificate',
  options: SessionOptions,
): Promise<{ readonly answerer: Answerer; readonly answer: unknown }> {
  const { server, key, certificate } = options;
  const socket = await dialAsOperator(server, { privateKey: key.privateKey, certificate });
  const leaf = socket.getPeerX509Certificate();
  const client = new RpcClient(socket, memberFrameLimitBytes);
  try {
    const hello = helloSchema.safeParse(await client.request('hello', {}, answerMilliseconds));
    const where = formatEndpoint(server);
    if (leaf === undefined || !hello.success)
      throw new UntrustedServerError(`${where} does not answer as a node of Trivet does.`);
    const answerer = judge(where, leaf, hello.data, options);
    return { answerer, answer: await client.request(method, {}, answerMilliseconds) };
  } finally {
    client.close();
  }
}

function judge(
  where: string,
  leaf: NonNullable<Parameters<typeof judgeServer>[0]>,
  hello: OperatorHello,
  { cluster, fingerprint, directory, say }: SessionOptions,
): Answerer {
  const answerer = { name: hello.name, fingerprint: fingerprintOf(leaf.publicKey) };
  const refuse = (reason: string): never => {
    throw new UntrustedServerError(`${where} is not trusted: ${reason}`);
  };
  if (fingerprint !== null && fingerprint !== answerer.fingerprint)
    refuse(`the fingerprint of its key is ${answerer.fingerprint}, not ${fingerprint}.`);
  const judgement = judgeServer(leaf, hello);
  if (judgement.kind === 'refused') return refuse(`${judgement.reason}.`);
  const known = new KnownClusters(directory);
  if (judgement.kind === 'blank') {
    const before = known.list().find(({ servers }) => servers.includes(where));
    if (before !== undefined)
      say(
        `at ${where} the cluster ${before.name} was met before. What answers now is a member of none: its data is gone, or it is another machine.`,
      );
    return { ...answerer, cluster: null };
  }
  if (hello.clusterId === null) return refuse('it shows a CA and names no cluster.');
  const meeting = {
    ...{ server: where, cluster, leaf, ca: judgement.ca },
    claims: { ...hello, clusterId: hello.clusterId },
  };
  const recognition = recognize(meeting, known.list(), (name) => known.fileOf(name));
  if (recognition.kind === 'refused') return refuse(recognition.reason);
  const { name, ca } = recognition.cluster;
  if (recognition.kind === 'first') {
    known.save(recognition.cluster);
    say(
      `first use: the cluster ${name} is known from now on by its CA, SHA256:${authorityFingerprint(ca)} (${known.fileOf(name)}). The node that answered has the key ${answerer.fingerprint}: its console must show the same.`,
    );
  } else if (recognition.isChanged) known.save(recognition.cluster);
  return { ...answerer, cluster: name };
}

/** For messages about a key that is not known. */
export function describeKey({ file, publicKey }: OperatorKey): string {
  return `The key that asked is ${file} (${operatorFingerprint(publicKey)}).`;
}
