/**
 * What is said between machines that have proved the secret to each other: hello, the promise not to start
 * another cluster, and enrolment. The same table of requests for blank machines and members.
 */
import { isIP } from 'node:net';
import * as z from 'zod';
import { dnsLabelSchema } from '../config/schema.ts';
import { dialEnrolment, type Endpoint } from '../peers/dial.ts';
import { strangerFrameLimitBytes } from '../peers/frames.ts';
import { RpcClient } from '../peers/rpc.ts';
import type { SecretKeys } from '../peers/secret.ts';
import { tokenIdPattern } from '../peers/token.ts';
import type { NodeId } from '../raft/types.ts';
import { charterSchema, proofSchema } from './voucher-proof.ts';

const nodeId = z
  .string()
  .regex(/^[0-9a-f]{16}$/)
  .transform((id) => id as NodeId);

export const helloSchema = z.object({
  id: nodeId,
  name: z.string().max(63),
  port: z.int().min(1).max(65535),
  clusterId: z.string().max(64).nullable(),
  blanks: z.array(nodeId).max(1000),
  /** Clusters whose place this node's cluster has taken. */
  predecessors: z.array(z.string().max(64)).max(1000).default([]),
  /** A blank machine's voucher. */
  proof: proofSchema.nullable().default(null),
  /** Of the cluster of a member. */
  charter: charterSchema.nullable().default(null),
});
export type Hello = z.infer<typeof helloSchema>;

export const promiseSchema = z.object({ candidate: nodeId });
export const promiseAnswerSchema = z.object({ granted: z.boolean(), reason: z.string().optional() });

export const enrolSchema = z.object({
  name: z.string().max(63),
  /** SPKI in PEM; the node's id follows from it. */
  publicKey: z.string().max(1024),
  /** `host:port` of its peer port. */
  address: z.string().max(255),
  version: z.string().max(63),
  /** Of the machine, as its firmware or board names it. */
  serial: z.string().max(64).nullable().default(null),
  proof: proofSchema.nullable().default(null),
});
export type Enrol = z.infer<typeof enrolSchema>;

/** What a member that passes a request on to the leader says of it. */
export const relaySchema = z.object({
  remoteHost: z.string().refine((host) => isIP(host) !== 0, 'must be an address'),
  /** null where the machine has proved the secret. */
  tokenId: z.string().regex(tokenIdPattern).nullable(),
});

export const enrolAnswerSchema = z.object({
  clusterId: z.string().regex(/^[0-9a-f]{16}$/),
  certificate: z.string(),
  caCertificate: z.string(),
  members: z.array(z.object({ id: nodeId, address: z.string() })),
  charter: charterSchema.nullable().default(null),
});
export type EnrolAnswer = z.infer<typeof enrolAnswerSchema>;

export const introductionParams = z.object({ id: nodeId });
/** What a member says of its cluster to a machine that may join it. */
export const introductionSchema = z.object({
  clusterName: dnsLabelSchema,
  clusterId: z.string().regex(/^[0-9a-f]{16}$/),
  /** The cluster's CAs, in PEM. */
  caCertificate: z.string().max(65_536),
  /** Why the token that was proved does not admit the machine; the last word has the enrolment itself. */
  objection: z.string().max(1_000).nullable(),
});
export type Introduction = z.infer<typeof introductionSchema>;

const answerMilliseconds = 15_000;

/** Kept connections to machines that may be peers, by address. */
export class EnrolmentLinks {
  readonly #keys: SecretKeys;
  readonly #clients = new Map<string, RpcClient>();

  constructor(keys: SecretKeys) {
    this.#keys = keys;
  }

  /** Rejects with `DialError` (a wrong secret, among others) or `RpcError`. */
  async hello(endpoint: Endpoint, own: z.input<typeof helloSchema>): Promise<Hello> {
    return helloSchema.parse(await this.#request(endpoint, 'hello', own));
  }

  /** Which cluster is there. Rejects with `DialError` or `RpcError`. */
  async introduction(endpoint: Endpoint, id: NodeId): Promise<Introduction> {
    return introductionSchema.parse(await this.#request(endpoint, 'introduction', { id }));
  }

  async promise(endpoint: Endpoint, candidate: NodeId): Promise<z.infer<typeof promiseAnswerSchema>> {
    return promiseAnswerSchema.parse(await this.#request(endpoint, 'promise', { candidate }));
  }

  async enrol(endpoint: Endpoint, request: z.input<typeof enrolSchema>): Promise<EnrolAnswer> {
    return enrolAnswerSchema.parse(await this.#request(endpoint, 'enrol', request));
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  async #request(endpoint: Endpoint, method: string, params: Record<string, unknown>): Promise<unknown> {
    const key = `${endpoint.host} ${endpoint.port}`;
    const known = this.#clients.get(key);
    if (known && !known.closed) return known.request(method, params, answerMilliseconds);
    const socket = await dialEnrolment(endpoint, this.#keys);
    const client = new RpcClient(socket, strangerFrameLimitBytes, () => this.#clients.delete(key));
    this.#clients.set(key, client);
    return client.request(method, params, answerMilliseconds);
  }
}
