/**
 * One disk through many power cuts. Each power-on checks what the cut before it left, then puts load on the datastore
 * until the power goes again; the disk that the next one finds is made from the record of writes, at a random place of it.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import type { ClusterStatus, KeyValue } from '../../runtime/admin/protocol.ts';
import type { Random } from '../../runtime/raft/testing/seeded-random.ts';
import { defaultMemoryMebibytes } from '../lab/lab.ts';
import { askStatus } from '../lab/observe.ts';
import { waitUntil } from '../lab/wait.ts';
import type { BootImage } from '../machine/image.ts';
import { Machine } from '../machine/machine.ts';
import { applyCut, type Cut, cutAfter } from './disk-after-cut.ts';
import { type Counter, compare, type Expectation, nothingExpected, Record } from './expectation.ts';
import { checkFileSystem } from './file-system.ts';
import { keyPrefix, Load } from './load.ts';
import { counterOf } from './values.ts';
import { type LogEntry, readWriteLog } from './write-log.ts';

export interface ChainOptions {
  /** Part of the names of its machines. */
  readonly name: string;
  readonly directory: string;
  readonly image: BootImage;
  readonly random: Random;
  /** The disk lies: what it was told to flush under load is lost as if it had not been. For a test of this test. */
  readonly liesAboutFlushes?: boolean;
}

/** What one power cut did. */
export interface CutReport {
  /** Acknowledged writes that had to survive it. */
  readonly acknowledged: number;
  readonly cut: Cut;
  /** Whether the power went before the node had answered. */
  readonly whileStarting: boolean;
  /** From power-on until the node had answered with everything it holds; what this power-on took. */
  readonly bootSeconds: number;
}

/** Something was lost or broken by a cut; the files are kept. */
export class LossError extends Error {
  override readonly name = 'LossError';
}

const diskBytes = 1024 ** 3;
const bootLimitSeconds = 600;
const answerMilliseconds = 30_000;
const shortestLoadMilliseconds = 500;
const longestLoadMilliseconds = 3_500;
/** Of all cuts, so many go anywhere in the record, also into the start of the machine; the others under load. */
const anywhere = 0.25;
/** Of those that would come just after a flush, so many come just before it. */
const beforeFlush = 0.7;

export class Chain {
  readonly #options: ChainOptions;
  readonly #disk: string;
  #expectation: Expectation = nothingExpected;
  #lastCounter: Counter = 0;
  #boots = 0;

  constructor(options: ChainOptions) {
    this.#options = options;
    this.#disk = path.join(options.directory, `${options.name}.raw`);
    spawnSync('cp', ['--sparse=always', options.image.file, this.#disk]);
    truncateSync(this.#disk, Math.max(diskBytes, options.image.sizeBytes));
  }

  /** Boots what the last cut left, checks it, and cuts the power. Rejects with `LossError`. */
  async cutOnce(): Promise<CutReport> {
    const { random, liesAboutFlushes = false } = this.#options;
    const before = this.#expectation;
    return await this.#boot(async (machine, startedAt) => {
      const record = new Record(before);
      const logLength = (): number => statSync(machine.writeLogFile).size;
      await this.#check(machine, record, logLength);
      const bootSeconds = (performance.now() - startedAt) / 1000;
      const loadedFrom = logLength();
      await this.#putLoadOn(machine, record, logLength);
      const entries = readWriteLog(machine.writeLogFile);
      const count = liesAboutFlushes ? entries.length : this.#chooseEnd(entries, loadedFrom);
      const kept = entries.slice(0, count);
      const end = kept.at(-1)?.end ?? 0;
      const lie = liesAboutFlushes ? { fate: 'none' as const, flushesCountUntil: loadedFrom } : {};
      const cut = cutAfter(kept, random, lie);
      applyCut(cut, machine.writeLogFile, this.#disk);
      this.#expectation = record.expectAfter(end);
      this.#checkFileSystem(machine);
      return {
        acknowledged: record.acknowledgedBefore(end),
        cut,
        whileStarting: this.#expectation === before,
        bootSeconds,
      };
    });
  }

  /** Boots what the last cut left and checks it. Rejects with `LossError`. */
  async checkLast(): Promise<void> {
    await this.#boot(async (machine) => {
      await this.#check(machine, new Record(this.#expectation), () => 0);
    });
  }

  close(): void {
    rmSync(this.#disk, { force: true });
  }

  async #boot<Result>(work: (machine: Machine, startedAt: number) => Promise<Result>): Promise<Result> {
    const { directory, image, name } = this.#options;
    this.#boots += 1;
    const machine = await Machine.create({
      ...{ name: `${name}-${this.#boots}`, directory, direct: true, recordsWrites: true },
      image: { ...image, file: this.#disk, sizeBytes: statSync(this.#disk).size },
      ...{ memoryMebibytes: defaultMemoryMebibytes, diskBytes },
      ...{ networkSocket: null, macAddress: '52:54:00:00:00:01' },
    });
    let keepFiles = false;
    try {
      const startedAt = performance.now();
      await machine.powerOn();
      return await work(machine, startedAt);
    } catch (error) {
      keepFiles = true;
      throw error;
    } finally {
      await machine.close();
      const files = keepFiles ? [] : ['qcow2', 'writes', 'console'];
      for (const each of files) rmSync(path.join(directory, `${machine.name}.${each}`));
    }
  }

  /** The node has come back by itself, as itself, with everything it had acknowledged. */
  async #check(machine: Machine, record: Record, logLength: () => number): Promise<void> {
    const { status, items } = await this.#untilServing(machine);
    const found = new Map(items.map(({ key, value }) => [key, counterOf(key, value) ?? Number.NaN]));
    const identity = `${status.self.id} of ${status.clusterId}`;
    const problems = compare(this.#expectation, identity, found);
    if (problems.length > 0) throw this.#loss(machine, problems);
    record.found(identity, found, logLength());
  }

  /** Slowness is no loss: on a busy host a machine gets little of it. */
  async #untilServing(machine: Machine): Promise<{ status: ClusterStatus; items: readonly KeyValue[] }> {
    const waiting = {
      what: `${machine.name} serves`,
      limitSeconds: bootLimitSeconds,
      report: () => machine.report(),
    };
    try {
      return await waitUntil(waiting, async () => {
        const status = await askStatus(machine);
        if (status?.leader == null || status.leader !== status.self.id) return null;
        const params = { key: keyPrefix, prefix: true };
        const answer = (await machine.request('kv.get', params, answerMilliseconds).catch(() => null)) as {
          items: KeyValue[];
        } | null;
        return answer && { status, items: answer.items };
      });
    } catch (error) {
      throw this.#loss(machine, [error instanceof Error ? error.message : String(error)]);
    }
  }

  async #putLoadOn(machine: Machine, record: Record, logLength: () => number): Promise<void> {
    const { random } = this.#options;
    const milliseconds =
      shortestLoadMilliseconds + random() * (longestLoadMilliseconds - shortestLoadMilliseconds);
    const load = new Load(machine.adminSocket, random, this.#lastCounter, {
      onTried: (key, counter) => record.tried(key, counter, logLength()),
      onAcknowledged: (key, counter) => record.acknowledged(key, counter, logLength()),
    });
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    await machine.cutPower();
    this.#lastCounter = await load.stop();
  }

  /** How much of the record counts. */
  #chooseEnd(entries: readonly LogEntry[], loadedFrom: number): number {
    const { random } = this.#options;
    const first = random() < anywhere ? 0 : entries.findIndex(({ end }) => end > loadedFrom);
    if (first < 0) return entries.length;
    const count = first + 1 + Math.floor(random() * (entries.length - first));
    // Every second entry is a flush, after which nothing can be lost.
    const sparesNothing = entries[count - 1]?.kind === 'flush' && random() < beforeFlush;
    return sparesNothing ? count - 1 : count;
  }

  #checkFileSystem(machine: Machine): void {
    const problem = checkFileSystem(this.#disk, path.join(this.#options.directory, `${machine.name}.fsck`));
    if (problem !== null) throw this.#loss(machine, [`the file system is damaged: ${problem}`]);
  }

  #loss(machine: Machine, problems: readonly string[]): LossError {
    const list = problems.map((problem) => `  ${problem}\n`).join('');
    return new LossError(
      `after power cut ${this.#boots - 1} of disk ${this.#options.name}:\n${list}${machine.report()}\nkept: ${this.#disk} as the cut left it, and ${machine.writeLogFile}`,
    );
  }
}
