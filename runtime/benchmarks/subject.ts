/** A datastore of several processes on this machine, as the benchmark sees it: started, asked, killed, measured. */
import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '../datastore/clock.ts';
import { EtcdStore } from '../datastore/etcd/etcd-store.ts';
import type { StoreStatus } from '../datastore/store.ts';

export interface Member {
  /** Where clients reach it, as gRPC names it. */
  readonly endpoint: string;
  /** Null while it is stopped. */
  pid(): number | null;
  start(): Promise<void>;
}

export interface Subject {
  readonly name: 'trivet' | 'etcd';
  readonly members: readonly Member[];
  close(): Promise<void>;
}

const waitLimitMilliseconds = 60_000;

/** The status of one member, asked directly; rejects when it does not answer within two seconds. */
export async function statusOf(member: Member): Promise<StoreStatus> {
  const store = new EtcdStore({
    endpoints: [member.endpoint],
    surroundings: { clock: realClock, random: Math.random },
    limitMilliseconds: 2_000,
  });
  try {
    return await store.status();
  } finally {
    await store.close();
  }
}

/** The member that leads, once all that run agree and the others have what it has. */
export async function leaderOf(subject: Subject): Promise<Member> {
  const deadline = performance.now() + waitLimitMilliseconds;
  let last: unknown = 'no leader is known';
  while (performance.now() < deadline) {
    try {
      const statuses = await Promise.all(subject.members.map(statusOf));
      const leader = statuses.findIndex((status) => status.memberId === status.leader);
      const newest = Math.max(...statuses.map((status) => status.appliedIndex));
      const agreed = statuses.every((status) => status.leader === statuses[leader]?.memberId);
      const caughtUp = statuses.every((status) => newest - status.appliedIndex < 50 && !status.learner);
      if (leader >= 0 && agreed && caughtUp) return subject.members[leader]!;
    } catch (error) {
      last = error;
    }
    await sleep(50);
  }
  throw new Error(`${subject.name} did not become whole within 60 s: ${String(last)}`);
}

/** Resolves when every member votes and has what the leader has: as it was before a fault. */
export async function untilWhole(subject: Subject): Promise<void> {
  await leaderOf(subject);
}

export async function untilGone(pid: number): Promise<void> {
  const deadline = performance.now() + waitLimitMilliseconds;
  while (isAlive(pid)) {
    if (performance.now() > deadline) throw new Error(`process ${pid} did not end within 60 s`);
    await sleep(5);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
