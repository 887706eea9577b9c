/**
 * What a machine makes of vouchers before it is a member: its own, which it shows, and those of others. Where its
 * configuration names batches, it counts no machine without a voucher, begins no cluster without its own, and joins none that
 * does not show a charter: who knows the enrolment secret alone can gather no cards of a factory.
 */
import { X509Certificate } from 'node:crypto';
import type { Credentials } from '../peers/trust.ts';
import { judgeCertificate } from '../peers/trust.ts';
import { parseVoucher, type Voucher } from '../vouchers/voucher.ts';
import type { EnrolAnswer, Hello } from './enrolment.ts';
import type { Identity } from './identity.ts';
import {
  type Charter,
  objectToCharter,
  objectToVoucher,
  proveVoucher,
  readProof,
  type VoucherProof,
} from './voucher-proof.ts';

export interface VoucherGuardOptions {
  readonly clusterName: string;
  readonly identity: Identity;
  /** `cluster.voucher` */
  readonly voucher: string | undefined;
  /** `cluster.enrolment.vouchers`; none where anybody who knows the secret counts. */
  readonly keys: readonly string[];
  /** Of this machine. */
  readonly serial: string | null;
}

/** Greetings are the same each second: so many are remembered. */
const mostRemembered = 256;

export class VoucherGuard {
  readonly #options: VoucherGuardOptions;
  readonly #judged = new Map<string, string | null>();
  readonly voucher: Voucher | null;
  /** null without a voucher. */
  readonly proof: VoucherProof | null;
  /** Why this machine may not begin a cluster, as a full sentence; null when it may. */
  readonly objection: string | null;

  constructor(options: VoucherGuardOptions) {
    this.#options = options;
    const { clusterName, identity, voucher } = options;
    this.voucher = voucher === undefined ? null : parseVoucher(voucher);
    this.proof = this.voucher && proveVoucher(this.voucher, clusterName, identity.publicKey);
    this.objection = this.#objectToOwn();
  }

  /** Whether nobody counts without a voucher. */
  get demands(): boolean {
    return this.#options.keys.length > 0;
  }

  #objectToOwn(): string | null {
    const { voucher, keys } = this.#options;
    if (voucher !== undefined && this.voucher?.kind !== 'device')
      return 'The voucher of this machine (cluster.voucher) is damaged: write its bundle onto the boot partition again.';
    if (keys.length === 0) return null;
    if (this.voucher === null)
      return 'This machine has no voucher (cluster.voucher), and its cluster demands one (cluster.enrolment.vouchers): give it a bundle of a batch (trivet factory batch).';
    const objection = objectToVoucher(this.voucher, this.#options);
    if (objection === null) return null;
    return `It begins no cluster, because ${objection}.`;
  }

  /** Why a machine that was heard of does not count here, as the end of a sentence; null when it does. */
  objectTo(hello: Hello): string | null {
    if (this.#options.keys.length === 0) return null;
    const { id, clusterId, proof, charter } = hello;
    const key = JSON.stringify(clusterId === null ? [id, proof] : [clusterId, charter]);
    const known = this.#judged.get(key);
    if (known !== undefined) return known;
    const objection = this.#judge(hello);
    const [oldest] = this.#judged.keys();
    if (this.#judged.size >= mostRemembered && oldest !== undefined) this.#judged.delete(oldest);
    this.#judged.set(key, objection);
    return objection;
  }

  #judge({ id, clusterId, proof, charter }: Hello): string | null {
    const { clusterName, keys } = this.#options;
    if (clusterId !== null)
      return objectToCharter(charter, { name: clusterName, id: clusterId, bundle: null }, keys);
    const voucher = proof && readProof(proof, clusterName, id);
    if (!voucher) return 'shows no voucher';
    // Its serial number is between it and the cluster.
    const isGood = voucher.cluster === clusterName && keys.includes(voucher.batchKey);
    return isGood ? null : 'shows a voucher of another batch than those that this machine trusts';
  }

  /**
   * Whether a cluster that says that it has taken the place of this node's was begun by one of its members: a card that was
   * stolen and never let in could say so too, and members would give their data up for it.
   */
  mayFollow(successor: string, charter: Charter | null, isOfMember: (voucherId: string) => boolean): boolean {
    const { clusterName, keys } = this.#options;
    if (keys.length === 0) return true;
    const cluster = { name: clusterName, id: successor, bundle: null };
    return objectToCharter(charter, cluster, keys, ({ id }) => isOfMember(id)) === null;
  }

  /** Why what a cluster answers to this machine's enrolment is not to be believed, as the end of a sentence; null when it is. */
  objectToAnswer(answer: EnrolAnswer): string | null {
    const { clusterName, identity, keys } = this.#options;
    if (keys.length === 0) return null;
    const { clusterId, certificate, caCertificate, charter } = answer;
    const objection = objectToCharter(
      charter,
      { name: clusterName, id: clusterId, bundle: caCertificate },
      keys,
    );
    if (objection !== null) return objection;
    const { privateKey, id: nodeId } = identity;
    const own: Credentials = { clusterId, nodeId, privateKey, certificate, caCertificate };
    const outcome = readCertificate(certificate);
    const judged = outcome && judgeCertificate(outcome, own);
    return judged?.kind === 'trusted' && judged.peer.nodeId === nodeId
      ? null
      : 'gave a certificate that is not of its own CA for this machine';
  }
}

function readCertificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}
