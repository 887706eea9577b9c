/**
 * Keeps a member's certificate fresh: renewed when half of its life is over by the cluster's clock, when another CA is in
 * force, and when the others say that it has expired. Connections that are open stay open.
 */
import * as z from 'zod';
import { RpcError } from '../peers/rpc.ts';
import { nodeIdOf } from '../peers/trust.ts';
import type { NodeId } from '../raft/types.ts';
import { bundleOf } from './authority.ts';
import type { MemberContext } from './member-context.ts';
import type { RenewableCredentials, RenewedCertificates } from './renewable-credentials.ts';
import { readAuthority, readMember, readTrustBundle } from './roster.ts';

export const renewParams = z.object({ publicKey: z.string().max(1024) });
const renewAnswer = z.object({
  certificate: z.string().includes('BEGIN CERTIFICATE').max(65_536),
  caCertificate: z.string().includes('BEGIN CERTIFICATE').max(262_144),
});

const everyMilliseconds = 1_000;
const retryMilliseconds = 5_000;
const answerMilliseconds = 10_000;

/** On a node with the sealing key: a fresh certificate for a member's own key. Throws `RpcError`. */
export async function renew(
  context: MemberContext,
  from: NodeId,
  publicKey: string,
): Promise<RenewedCertificates> {
  const { sealing, replica, certificates, clusterId, clock } = context;
  const view = replica.machine.view;
  if (nodeIdOf(publicKey) !== from) throw new RpcError('invalid', 'The public key is another node’s.');
  if (readMember(view, from) === null) throw new RpcError('notMember', `Node ${from} is no member.`);
  const authority = sealing.key && readAuthority(view, sealing.key);
  if (!authority) throw new RpcError('notReady', 'This node has no copy of the CA.');
  const peer = { clusterId, nodeId: from };
  const certificate = await certificates.run('issueNodeCertificate', authority, peer, publicKey, clock.now());
  return { certificate, caCertificate: bundleOf(authority) };
}

export interface RenewerOptions {
  readonly context: MemberContext;
  readonly credentials: RenewableCredentials;
  readonly lifetimeSeconds: () => number;
  /** The hash of the CAs in force, as the leader says, for a node that holds no data; null while nobody said. */
  readonly toldBundleHash: () => string | null;
  /** The others have refused this node's certificate for its age. */
  readonly isExpired: () => boolean;
  readonly leader: () => NodeId | null;
  /** Durable, before anybody sees it. Throws what writing throws. */
  readonly save: (renewed: RenewedCertificates) => void;
  readonly onRenewed: () => void;
}

export class Renewer {
  readonly #options: RenewerOptions;
  readonly #timer: NodeJS.Timeout;
  #notBefore = 0;
  #busy = false;
  #count = 0;

  constructor(options: RenewerOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#look(), everyMilliseconds);
  }

  /** Renewals since the start. */
  get count(): number {
    return this.#count;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#busy || performance.now() < this.#notBefore || !this.#isDue()) return;
    this.#busy = true;
    try {
      await this.#renew();
    } catch (error) {
      this.#options.context.log.debug({ reason: String(error) }, 'the certificate cannot be renewed yet');
      this.#notBefore = performance.now() + retryMilliseconds;
    }
    this.#busy = false;
  }

  #isDue(): boolean {
    const { context, credentials, lifetimeSeconds, toldBundleHash, isExpired } = this.#options;
    const bundle = readTrustBundle(context.replica.machine.view);
    const told = toldBundleHash();
    const isOther =
      bundle === null
        ? told !== null && told !== credentials.bundleHash
        : bundle !== credentials.caCertificate;
    const age = context.clock.now() - credentials.issuedAt;
    return isOther || isExpired() || age > lifetimeSeconds() / 2;
  }

  async #renew(): Promise<void> {
    const { context, credentials, save, onRenewed } = this.#options;
    const renewed = await this.#ask();
    save(renewed);
    credentials.replace(renewed);
    this.#count += 1;
    context.log.info({ renewals: this.#count }, 'the certificate was renewed');
    onRenewed();
  }

  async #ask(): Promise<RenewedCertificates> {
    const { context, leader } = this.#options;
    const { identity, rpc, sealing, addresses } = context;
    if (sealing.key !== null) return renew(context, identity.id, identity.publicKey);
    const params = { publicKey: identity.publicKey };
    let failure: unknown = new RpcError('unavailable', 'no other member is known');
    // Whose certificate has expired is not told who leads: any voter renews it.
    for (const id of new Set([leader(), ...addresses.book.entries().map((entry) => entry.id)])) {
      if (id === null || id === identity.id) continue;
      try {
        return renewAnswer.parse(await rpc.request(id, 'cluster.renew', params, answerMilliseconds));
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}
