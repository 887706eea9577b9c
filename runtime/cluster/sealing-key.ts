/**
 * What the CA's private key and the tokens are sealed with in the datastore: a random key that only voters hold, in a
 * file of their own. The leader gives it to a node before that one may vote, so that a voter less never costs the CA;
 * a voter that has lost it asks another, and a node that votes no more forgets it.
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { readTextIfPresent, writeFileDurably } from '../files/durable.ts';
import type { Log } from '../logging/log.ts';
import { RpcError } from '../peers/rpc.ts';
import type { RpcLinks } from '../peers/rpc-links.ts';
import type { Configuration, NodeId } from '../raft/types.ts';
import { roleIn } from './reports.ts';

const keyBytes = 32;
const keySchema = z.object({ key: z.string().regex(/^[0-9a-f]{64}$/) });
const answerMilliseconds = 3_000;
const everyMilliseconds = 1_000;
/** A seat may come back at once; the key is forgotten only after so many looks without one. */
const looksWithoutSeat = 10;
/** Whom the key was given to keeps it for longer than this without a seat. */
const givenMilliseconds = 5_000;

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

/** null where there is none, or none that is whole. */
export function loadSealingKey(dataDirectory: string): Buffer | null {
  return readSealingKey(fileOf(dataDirectory));
}

/** The same, of a file elsewhere. */
export function readSealingKey(file: string): Buffer | null {
  const key = Buffer.from((readTextIfPresent(file) ?? '').trim(), 'hex');
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
  /** To whom this node gave the key, and when. */
  readonly #given = new Map<NodeId, number>();
  #giving = false;

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

  /** Whether these may begin to vote: each was given the key just now, or there is none to give. */
  hasGiven(ids: readonly NodeId[]): boolean {
    const since = performance.now() - givenMilliseconds;
    return this.#key === null || ids.every((id) => (this.#given.get(id) ?? Number.NEGATIVE_INFINITY) > since);
  }

  /** Gives the key to those that are about to vote; true when all have it on their disks. One call at a time does so. */
  async give(ids: readonly NodeId[]): Promise<boolean> {
    const { request, log } = this.#options;
    if (this.#key === null || this.#giving) return false;
    const params = { key: this.#key.toString('hex') };
    this.#giving = true;
    await Promise.all(
      ids.map(async (id) => {
        try {
          await request(id, 'cluster.takeSealingKey', params, answerMilliseconds);
          this.#given.set(id, performance.now());
        } catch (error) {
          log.debug({ id, reason: String(error) }, 'the sealing key cannot be given yet');
        }
      }),
    );
    this.#giving = false;
    return this.hasGiven(ids);
  }

  /** Takes the key from a voter, as this node knows it, and keeps it. Throws `RpcError`, and what writing a file throws. */
  take(from: NodeId, params: unknown): Record<string, never> {
    if (roleIn(this.#options.configuration(), from) !== 'voter')
      throw new RpcError('notVoter', 'Only a voter may give the sealing key.');
    this.#keep(keySchema.parse(params).key);
    this.#withoutSeat = 0;
    return {};
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
    const { configuration, self, request, log } = this.#options;
    const { voters, outgoing } = configuration();
    for (const id of new Set([...voters, ...outgoing])) {
      if (id === self) continue;
      const answer = await request(id, 'cluster.sealingKey', {}, answerMilliseconds).catch(() => null);
      const parsed = keySchema.safeParse(answer);
      if (!parsed.success) continue;
      try {
        this.#keep(parsed.data.key);
      } catch (error) {
        log.debug({ reason: String(error) }, 'the sealing key cannot be kept yet');
      }
      return;
    }
  }

  #keep(hex: string): void {
    const key = Buffer.from(hex, 'hex');
    saveSealingKey(this.#options.dataDirectory, key);
    this.#key = key;
  }

  #forget(): void {
    rmSync(fileOf(this.#options.dataDirectory), { force: true });
    this.#key = null;
    this.#given.clear();
    this.#options.log.debug('this node votes no more and has forgotten the sealing key');
  }
}
