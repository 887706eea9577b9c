/** Clients that write and read through any node as fast as they get answers, and record what they saw. */
import { type AdminClient, connectAdmin } from '../admin/client.ts';
import type { KeyValue } from '../admin/protocol.ts';
import { pick, type Random } from '../raft/testing/seeded-random.ts';
import type { AgentProcess } from './agent-process.ts';
import type { Operation } from './history.ts';

const clients = 6;
/** Few, so that clients meet. */
const sharedKeys = ['s/0', 's/1', 's/2'];
const answerMilliseconds = 4_000;
/** A client stays with a node for a while. */
const stayOperations = 15;
const pauseMilliseconds = 50;
/** Enough operations for any fault to hit some, and a check that takes no time. */
const breathMilliseconds = 4;

export class Clients {
  readonly operations: Operation[] = [];
  readonly #nodes: readonly AgentProcess[];
  readonly #done: Promise<unknown>;
  #stopped = false;
  #values = 0;

  constructor(nodes: readonly AgentProcess[], random: Random) {
    this.#nodes = nodes;
    this.#done = Promise.all(Array.from({ length: clients }, (_, i) => this.#work(`c${i}`, random)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #work(name: string, random: Random): Promise<void> {
    while (!this.#stopped) {
      try {
        const client = await connectAdmin(pick(random, this.#nodes).socket);
        try {
          for (let i = 0; i < stayOperations && !this.#stopped; i += 1) {
            await this.#operate(name, client, random);
            await pause(breathMilliseconds);
          }
        } finally {
          client.close();
        }
      } catch {
        // The node is down or refuses: try another one.
        await pause(pauseMilliseconds);
      }
    }
  }

  #operate(name: string, client: AdminClient, random: Random): Promise<void> {
    const dice = random();
    if (dice < 0.5) return this.#read(name, client, pick(random, sharedKeys));
    this.#values += 1;
    const value = `${name}-${this.#values}`;
    return this.#write(name, client, dice < 0.8 ? pick(random, sharedKeys) : `u/${value}`, value);
  }

  async #write(process: string, client: AdminClient, key: string, value: string): Promise<void> {
    const start = performance.now();
    const record = (outcome: Operation['outcome'], revision: number | null): void => {
      const end = performance.now();
      const what = { process, operation: 'write' as const, key, value, start, end, outcome };
      this.operations.push({ ...what, revision, storeRevision: revision });
    };
    try {
      const options = { timeoutMilliseconds: answerMilliseconds };
      const { revision } = (await client.request('kv.put', { key, value }, options)) as { revision: number };
      record('ok', revision);
    } catch (error) {
      record('unknown', null);
      throw error;
    }
  }

  async #read(process: string, client: AdminClient, key: string): Promise<void> {
    const start = performance.now();
    const options = { timeoutMilliseconds: answerMilliseconds };
    const answer = (await client.request('kv.get', { key }, options)) as {
      items: KeyValue[];
      revision: number;
    };
    const [item] = answer.items;
    this.operations.push({
      ...{ process, operation: 'read', key, value: item?.value ?? null, start, end: performance.now() },
      ...{ outcome: 'ok', revision: item?.modifyRevision ?? 0, storeRevision: answer.revision },
    });
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
