/**
 * The key that follows from the enrolment secret, kept by the cluster itself, so that its machines can forget the secret: sealed
 * in the datastore, where voters open it; the others are told it by the leader. While enrolment is open every member remembers it
 * in a file too: one that loses its place, for damaged data, takes another by it.
 */
import * as z from 'zod';
import { enrolmentKeyFile } from '../config/member-file.ts';
import type { StateView } from '../datastore/state-machine/reading.ts';
import type { Store } from '../datastore/store.ts';
import { readTextIfPresent, wipeFile, writeFileDurably } from '../files/durable.ts';
import type { Log } from '../logging/log.ts';
import { type SecretKeys, secretIdentity } from '../peers/secret.ts';
import { openSealedText, sealText } from './authority.ts';
import { keptEnrolmentKey } from './enrolment-records.ts';
import type { SealingKeeper } from './sealing-key.ts';

export interface EnrolmentKeeperOptions {
  readonly dataDirectory: string;
  readonly clusterName: string;
  /** Of the secret in this machine's configuration; null where it has none. */
  readonly configured: SecretKeys | null;
  readonly view: () => StateView;
  readonly store: Store;
  readonly sealing: Pick<SealingKeeper, 'key'>;
  /** Whether the secret admits machines, as this node knows it. */
  readonly isOpen: () => boolean;
  /** The cluster has the key: from now on this machine does not need the secret. May be called often. */
  readonly onKept: () => void;
  readonly log: Log;
}

const fileSchema = z.object({ clusterName: z.string(), key: z.string().regex(/^[0-9a-f]{64}$/) });

/** The key that this machine remembers, of the cluster of this name; null where there is none. */
export function loadEnrolmentKey(dataDirectory: string, clusterName: string): SecretKeys | null {
  const text = readTextIfPresent(enrolmentKeyFile(dataDirectory));
  const parsed = fileSchema.safeParse(text === null ? null : parseJson(text));
  return parsed.success && parsed.data.clusterName === clusterName
    ? keysOf(clusterName, parsed.data.key)
    : null;
}

export class EnrolmentKeeper {
  readonly #options: EnrolmentKeeperOptions;
  /** On this machine's disk. */
  #remembered: SecretKeys | null;
  /** What the leader said. */
  #told: SecretKeys | null = null;
  #opened: { readonly revision: number; readonly keys: SecretKeys } | null = null;

  constructor(options: EnrolmentKeeperOptions) {
    this.#options = options;
    this.#remembered = loadEnrolmentKey(options.dataDirectory, options.clusterName);
  }

  /** What this member proves to machines that know the secret; null while it knows nothing to prove. Kept as an object. */
  get keys(): SecretKeys | null {
    return this.#options.configured ?? this.#stored() ?? this.#told ?? this.#remembered;
  }

  /** On the leader, for the other members: the key in hexadecimal, null when it is not there yet. */
  answer(): { readonly enrolmentKey: string | null; readonly enrolmentOpen: boolean } {
    const enrolmentKey = this.#stored()?.preSharedKey.toString('hex') ?? null;
    return { enrolmentKey, enrolmentOpen: this.#options.isOpen() };
  }

  /** What the leader answered. */
  hear(key: string | null, isOpen: boolean): void {
    if (key === null) return;
    const told = keysOf(this.#options.clusterName, key);
    if (!isSame(told, this.#told)) this.#told = told;
    this.#keep(isOpen);
  }

  /** On the leader, in every round: the key of its own secret becomes the cluster's. Rejects with `StoreError`. */
  async store(): Promise<void> {
    const { configured, sealing, store, isOpen } = this.#options;
    if (sealing.key === null) return;
    const stored = this.#stored();
    const own = configured ?? (stored === null ? (this.#told ?? this.#remembered) : null);
    if (own !== null && !isSame(own, stored)) {
      const value = sealText(own.preSharedKey.toString('hex'), sealing.key);
      await store.transact({ success: [{ operation: 'put', key: keptEnrolmentKey, value }] });
    }
    if (this.#stored() !== null) this.#keep(isOpen());
  }

  /** The cluster has the key. While it admits nobody, no machine needs it for itself. */
  #keep(isOpen: boolean): void {
    const { dataDirectory, clusterName, onKept, log } = this.#options;
    const file = enrolmentKeyFile(dataDirectory);
    const keys = isOpen ? this.keys : null;
    try {
      if (keys !== null && !isSame(keys, this.#remembered)) {
        const key = keys.preSharedKey.toString('hex');
        writeFileDurably(file, `${JSON.stringify({ clusterName, key })}\n`);
      }
      if (keys === null && this.#remembered !== null) wipeFile(file);
    } catch (error) {
      log.debug({ reason: String(error) }, 'the key of the enrolment secret cannot be kept or wiped yet');
      return;
    }
    this.#remembered = keys;
    onKept();
  }

  #stored(): SecretKeys | null {
    const { view, sealing, clusterName } = this.#options;
    const stored = view().get(keptEnrolmentKey);
    if (stored === null || sealing.key === null) return null;
    if (this.#opened?.revision === stored.modifyRevision) return this.#opened.keys;
    try {
      const keys = keysOf(clusterName, openSealedText(stored.value, sealing.key));
      this.#opened = { revision: stored.modifyRevision, keys };
      return keys;
    } catch {
      // Sealed with another key than this node has just now.
      return null;
    }
  }
}

function keysOf(clusterName: string, key: string): SecretKeys {
  return { identity: secretIdentity(clusterName), preSharedKey: Buffer.from(key, 'hex') };
}

function isSame(one: SecretKeys, other: SecretKeys | null): boolean {
  return other?.preSharedKey.equals(one.preSharedKey) === true;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
