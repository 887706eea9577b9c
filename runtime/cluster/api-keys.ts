/**
 * The keys that all nodes need to serve the Kubernetes API as one: that which signs the tokens of service accounts, and those
 * that encrypt its secrets. The leader makes them once; they are sealed in the datastore, voters open them, and the other
 * members are told them by voters. No node but a voter has them on its disk, and those only sealed.
 */
import { createHash, generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import * as z from 'zod';
import type { StateView } from '../datastore/state-machine/reading.ts';
import type { Store } from '../datastore/store.ts';
import type { Log } from '../logging/log.ts';
import type { RpcLinks } from '../peers/rpc-links.ts';
import type { Configuration, NodeId } from '../raft/types.ts';
import { openSealedText, sealText } from './authority.ts';
import { ownPrefix } from './roster.ts';
import type { SealingKeeper } from './sealing-key.ts';

export const apiKeysSchema = z.object({
  /** PKCS #8 in PEM; the first signs, all count. */
  serviceAccounts: z.array(z.string().includes('PRIVATE KEY')).min(1),
  /** For `runtime/apiserver`'s encryption; the first encrypts, all decrypt. */
  secrets: z
    .array(z.object({ id: z.string().regex(/^[0-9a-f]{8}$/), key: z.string().regex(/^[0-9a-f]{64}$/) }))
    .min(1),
  /** By which the servers of other API groups know those of this one; clusters of older versions have none until their leader makes it. */
  frontProxy: z
    .object({
      authority: z.string(),
      certificate: z.string(),
      privateKey: z.string().includes('PRIVATE KEY'),
    })
    .optional(),
});

export type ApiKeys = z.infer<typeof apiKeysSchema>;

/** The common name that extension servers are told to accept of who asks on behalf of others. */
export const proxyName = 'front-proxy-client';

export const apiKeysKey = new TextEncoder().encode(`${ownPrefix}api-keys`);
const answerMilliseconds = 3_000;
const untilKnownMilliseconds = 1_000;
const whenKnownMilliseconds = 5_000;
/** What other Kubernetes servers sign with, and every client can verify. */
const rsaBits = 2_048;
const makeKeyPair = promisify(generateKeyPair);

export interface ApiKeyMaking {
  readonly view: StateView;
  readonly store: Store;
  readonly sealingKey: Buffer | null;
  readonly makeProxyIdentity: () => Promise<NonNullable<ApiKeys['frontProxy']>>;
}

/** On the leader: makes those that there are not. Throws `StoreError`. */
export async function makeApiKeys(making: ApiKeyMaking): Promise<void> {
  const { view, store, sealingKey, makeProxyIdentity } = making;
  if (sealingKey === null) return;
  const stored = view.get(apiKeysKey);
  const known = openApiKeys(view, sealingKey);
  if (known?.frontProxy !== undefined) return;
  const keys: ApiKeys = { ...(known ?? (await makeFirstKeys())), frontProxy: await makeProxyIdentity() };
  await store.transact({
    compare: [{ key: apiKeysKey, target: 'modifyRevision', is: stored?.modifyRevision ?? 0 }],
    success: [{ operation: 'put', key: apiKeysKey, value: sealText(JSON.stringify(keys), sealingKey) }],
  });
}

async function makeFirstKeys(): Promise<ApiKeys> {
  return { serviceAccounts: [await makeSigningKey()], secrets: [makeSecretKey([])] };
}

/** PKCS #8 in PEM. */
export async function makeSigningKey(): Promise<string> {
  const { privateKey } = await makeKeyPair('rsa', { modulusLength: rsaBits });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** @param others whose ids are taken */
export function makeSecretKey(others: ApiKeys['secrets']): ApiKeys['secrets'][number] {
  for (;;) {
    const id = randomBytes(4).toString('hex');
    if (!others.some((other) => other.id === id)) return { id, key: randomBytes(32).toString('hex') };
  }
}

/** Null where there are none. Throws when they are sealed with another key. */
export function openApiKeys(view: StateView, sealingKey: Buffer): ApiKeys | null {
  const stored = view.get(apiKeysKey);
  return stored && apiKeysSchema.parse(JSON.parse(openSealedText(stored.value, sealingKey)));
}

/** By which a member says which keys for secrets it knows, whatever their order; it tells nothing of them. */
export function keysDigest({ secrets }: ApiKeys): string {
  const ids = secrets.map(({ id }) => id).toSorted();
  return createHash('sha256').update(ids.join(' ')).digest('hex').slice(0, 32);
}

export interface ApiKeyKeeperOptions {
  readonly self: NodeId;
  readonly view: () => StateView;
  readonly leader: () => NodeId | null;
  readonly configuration: () => Configuration;
  readonly sealing: Pick<SealingKeeper, 'key'>;
  readonly request: RpcLinks['request'];
  readonly log: Log;
  /** They are known now, or are others. */
  readonly onKeys: (keys: ApiKeys) => void;
}

export class ApiKeyKeeper {
  readonly #options: ApiKeyKeeperOptions;
  #known = '';
  #latest: ApiKeys | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: ApiKeyKeeperOptions) {
    this.#options = options;
    void this.#look();
  }

  /** For a member that asks; null on a node that cannot open them. */
  answer(): ApiKeys | null {
    return this.#open();
  }

  /** As this node knows them, whether it can open them now or was told them; null where it does not. */
  get latest(): ApiKeys | null {
    return this.#open() ?? this.#latest;
  }

  /** Of those that were handed over; '' while there were none. */
  get digest(): string {
    return this.#latest === null ? '' : keysDigest(this.#latest);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const keys = this.#open() ?? (await this.#ask());
    if (this.#isClosed) return;
    const text = keys === null ? '' : JSON.stringify(keys);
    if (keys !== null && text !== this.#known) {
      this.#known = text;
      this.#latest = keys;
      this.#options.onKeys(keys);
    }
    const pause = this.#known === '' ? untilKnownMilliseconds : whenKnownMilliseconds;
    this.#timer = setTimeout(() => void this.#look(), pause);
  }

  #open(): ApiKeys | null {
    const { view, sealing, log } = this.#options;
    if (sealing.key === null) return null;
    try {
      return openApiKeys(view(), sealing.key);
    } catch (error) {
      log.warn(`The keys of the Kubernetes API cannot be opened on this node: ${String(error)}`);
      return null;
    }
  }

  async #ask(): Promise<ApiKeys | null> {
    const { configuration, leader, self, request } = this.#options;
    const { voters, outgoing } = configuration();
    // A node that holds no data knows the leader alone.
    for (const id of new Set([leader(), ...voters, ...outgoing])) {
      if (id === self || id === null) continue;
      const answer = await request(id, 'cluster.apiKeys', {}, answerMilliseconds).catch(() => null);
      const parsed = apiKeysSchema.safeParse(answer);
      if (parsed.success) return parsed.data;
    }
    return null;
  }
}
