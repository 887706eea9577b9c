/**
 * What the CA's private key and the tokens are sealed with in the datastore: a random key that only voters hold, in a
 * file of their own. A node that begins to vote asks another voter for it, and one that votes no more forgets it.
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { readTextIfPresent, writeFileDurably } from '../files/durable.ts';
import type { Log } from '../logging/log.ts';
import type { RpcLinks } from '../peers/rpc-links.ts';
import type { Configuration, NodeId } from '../raft/types.ts';
import { roleIn } from './reports.ts';

const keyBytes = 32;
const answerSchema = z.object({ key: z.string().regex(/^[0-9a-f]{64}$/) });
const answerMilliseconds = 3_000;
const everyMilliseconds = 1_000;
/** A seat may come back at once; the key is forgotten only after so many looks without one. */
const looksWithoutSeat = 10;

export function createSealingKey(): Buffer {
  return randomBytes(keyBytes);
}

function fileOf(dataDirectory: string): string {
  return path.join(dataDirectory, 'pki', 'sealing.key');
}

/** Durable. Throws what writing a file throws. */
export function saveSealingKey(dataDirectory: string, key: Buffer): void {
  writeFileDurably(fileOf(dataDirectory), `${key.toString('hex')}\n`);
}

function loadSealingKey(dataDirectory: string): Buffer | null {
  const key = Buffer.from((readTextIfPresent(fileOf(dataDirectory)) ?? '').trim(), 'hex');
  return key.length === keyBytes ? key : null;
}

export interface SealingKeeperOptions {
  readonly dataDirectory: string;
  readonly self: NodeId;
  readonly configuration: () => Configuration;
  readonly request: RpcLinks['request'];
  readonly log: Log;
}

export class SealingKeeper {
  readonly #options: SealingKeeperOptions;
  readonly #timer: NodeJS.Timeout;
  #key: Buffer | null;
  #withoutSeat = 0;
  #asking = false;

  constructor(options: SealingKeeperOptions) {
    this.#options = options;
    this.#key = loadSealingKey(options.dataDirectory);
    this.#timer = setInterval(() => void this.#look(), everyMilliseconds);
  }

  /** null on a node that does not vote, or has just begun to. */
  get key(): Buffer | null {
    return this.#key;
  }

  /** Answers a member that asks for the key; null unless it votes, as this node knows it, and there is one. */
  answer(from: NodeId): { readonly key: string } | null {
    const isVoter = roleIn(this.#options.configuration(), from) === 'voter';
    return isVoter && this.#key !== null ? { key: this.#key.toString('hex') } : null;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { configuration, self } = this.#options;
    const isVoter = roleIn(configuration(), self) === 'voter';
    this.#withoutSeat = isVoter ? 0 : this.#withoutSeat + 1;
    if (isVoter && this.#key === null && !this.#asking) {
      this.#asking = true;
      await this.#ask();
      this.#asking = false;
    }
    // A configuration without voters is that of a node which has no data yet.
    if (this.#key !== null && this.#withoutSeat >= looksWithoutSeat && configuration().voters.length > 0)
      this.#forget();
  }

  async #ask(): Promise<void> {
    const { configuration, self, request, dataDirectory, log } = this.#options;
    const { voters, outgoing } = configuration();
    for (const id of new Set([...voters, ...outgoing])) {
      if (id === self) continue;
      const answer = await request(id, 'cluster.sealingKey', {}, answerMilliseconds).catch(() => null);
      const parsed = answerSchema.safeParse(answer);
      if (!parsed.success) continue;
      try {
        const key = Buffer.from(parsed.data.key, 'hex');
        saveSealingKey(dataDirectory, key);
        this.#key = key;
      } catch (error) {
        log.debug({ reason: String(error) }, 'the sealing key cannot be kept yet');
      }
      return;
    }
  }

  #forget(): void {
    rmSync(fileOf(this.#options.dataDirectory), { force: true });
    this.#key = null;
    this.#options.log.debug('this node votes no more and has forgotten the sealing key');
  }
}
