/**
 * The key that follows from the enrolment secret, kept by the cluster itself, so that its machines can forget the secret: sealed
 * in the datastore, where voters open it. The others are told it by the leader, and have it in memory only.
 */
import type { StateView } from '../datastore/state-machine/reading.ts';
import type { Store } from '../datastore/store.ts';
import type { SecretKeys } from '../peers/secret.ts';
import { openSealedText, sealText } from './authority.ts';
import { keptEnrolmentKey } from './enrolment-records.ts';
import type { SealingKeeper } from './sealing-key.ts';

export interface EnrolmentKeeperOptions {
  /** Which secret is meant, in a handshake. */
  readonly identity: string;
  /** Of the secret in this machine's configuration; null where it has none. */
  readonly configured: SecretKeys | null;
  readonly view: () => StateView;
  readonly store: Store;
  readonly sealing: Pick<SealingKeeper, 'key'>;
  /** The cluster has the key: from now on this machine does not need the secret. May be called often. */
  readonly onKept: () => void;
}

export class EnrolmentKeeper {
  readonly #options: EnrolmentKeeperOptions;
  /** What was found or heard last; the same keys are the same object. */
  #known: SecretKeys | null = null;
  #openedRevision = 0;

  constructor(options: EnrolmentKeeperOptions) {
    this.#options = options;
  }

  /** What this member proves to machines that know the secret; null while it knows nothing to prove. */
  get keys(): SecretKeys | null {
    return this.#options.configured ?? this.#kept();
  }

  /** On the leader: the cluster's key in hexadecimal, for members that cannot open it; null when it is not there yet. */
  answer(): string | null {
    return this.#isStored() ? (this.#kept()?.preSharedKey.toString('hex') ?? null) : null;
  }

  /** What the leader answered. */
  hear(key: string | null): void {
    if (key === null) return;
    this.#know(Buffer.from(key, 'hex'));
    this.#options.onKept();
  }

  /** On the leader, in every round: the key of its own secret becomes the cluster's. Rejects with `StoreError`. */
  async store(): Promise<void> {
    const { configured, sealing, store, onKept } = this.#options;
    const kept = this.#kept();
    if (configured !== null && sealing.key !== null && !isSame(configured, kept)) {
      const value = sealText(configured.preSharedKey.toString('hex'), sealing.key);
      await store.transact({ success: [{ operation: 'put', key: keptEnrolmentKey, value }] });
    }
    if (this.answer() !== null) onKept();
  }

  #isStored(): boolean {
    return this.#options.view().get(keptEnrolmentKey) !== null;
  }

  #kept(): SecretKeys | null {
    const { view, sealing } = this.#options;
    const stored = view().get(keptEnrolmentKey);
    if (stored === null || sealing.key === null || stored.modifyRevision === this.#openedRevision)
      return this.#known;
    try {
      this.#know(Buffer.from(openSealedText(stored.value, sealing.key), 'hex'));
      this.#openedRevision = stored.modifyRevision;
    } catch {
      // Sealed with another key than this node has just now.
    }
    return this.#known;
  }

  #know(preSharedKey: Buffer): void {
    const known = { identity: this.#options.identity, preSharedKey };
    if (!isSame(known, this.#known)) this.#known = known;
  }
}

function isSame(one: SecretKeys, other: SecretKeys | null): boolean {
  return other?.preSharedKey.equals(one.preSharedKey) === true;
}
