/** A member's side of reports: tells the leader how it is, once a second, and learns who leads and what its role is. */
import type { NodeRole } from '../admin/protocol.ts';
import { ownHosts } from '../peers/own-hosts.ts';
import { RpcError } from '../peers/rpc.ts';
import type { NodeId } from '../raft/types.ts';
import { type Load, measureLoad } from './load.ts';
import type { MemberContext } from './member-context.ts';
import { copyMessage, removedMessage } from './removal.ts';
import { type Report, type ReportAnswer, reportAnswerSchema } from './reports.ts';
import { readRoster } from './roster.ts';

const everyMilliseconds = 1_000;
const answerMilliseconds = 2_000;
/** The leader says "spare" this often before the node lets go of its data. */
const spareAnswers = 3;
/** Virtual interfaces of containers have theirs as well. */
const mostHosts = 64;

export class Reporter {
  readonly #context: MemberContext;
  #leaderHint: NodeId | null = null;
  #role: NodeRole = 'spare';
  #spareCount = 0;
  #leaving = false;
  #asked = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #isRemoved = false;
  #isCopy = false;
  #isExpired = false;
  #bundleHash: string | null = null;
  #measured: { readonly at: number; readonly load: Load; readonly hosts: string[] } | null = null;

  constructor(context: MemberContext) {
    this.#context = context;
    void this.#round();
  }

  get role(): NodeRole {
    return this.#role;
  }

  /**
   * The leader: as consensus knows it, or from the answers to reports. The latter is how a spare knows it, and a
   * node that was removed while it was off and still takes itself for a voter.
   */
  leader(): NodeId | null {
    return this.#context.replica.status().leader ?? this.#leaderHint;
  }

  report(): Report {
    const { identity, version, port, replica, failureDomain, weight } = this.#context;
    const appliedIndex = replica.machine.applied().index;
    const { load, hosts } = this.#measure();
    const leaving = this.#leaving;
    const authority = this.#context.ownAuthority();
    const apiKeys = this.#context.knownApiKeys();
    const { name } = identity;
    return {
      ...{ name, version, port, hosts, appliedIndex, failureDomain, weight },
      ...{ leaving, load, authority, apiKeys },
      wallClock: Date.now(),
    };
  }

  /** Measuring asks the kernel: once a second is enough for all who ask. */
  #measure(): { readonly load: Load; readonly hosts: string[] } {
    const at = performance.now();
    if (this.#measured === null || at - this.#measured.at >= everyMilliseconds) {
      const load = measureLoad(this.#context.replica.syncMilliseconds);
      this.#measured = { at, load, hosts: ownHosts().slice(0, mostHosts) };
    }
    return this.#measured;
  }

  /** Whether the others have removed this node: they say so to its key. */
  get isRemoved(): boolean {
    const { removed, identity } = this.#context;
    return this.#isRemoved || removed.denied.has(identity.id);
  }

  /** Whether the others refuse this node because another machine with its identity is there. */
  get isCopy(): boolean {
    return this.#isCopy;
  }

  /** Whether the others refuse this node's certificate for its age. */
  get isExpired(): boolean {
    return this.#isExpired;
  }

  /** The hash of the CAs in force, as the leader said last. */
  get bundleHash(): string | null {
    return this.#bundleHash;
  }

  /** From now on this node says that it is about to stop. */
  leave(): void {
    this.#leaving = true;
  }

  /** Reports at once; whether the leader says that nothing is gained by waiting longer. */
  async asksToLeave(): Promise<boolean> {
    const answer = await this.#reportTo(this.#target());
    return answer?.leading === true && answer.mayLeave;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #round(): Promise<void> {
    const { replica, addresses, identity } = this.#context;
    // Never its own: a node that knows no addresses is the only member, and its data is never set aside.
    const others = readRoster(replica.machine.view).filter((member) => member.id !== identity.id);
    for (const member of others) addresses.learn(member.id, member.address);
    if (replica.status().role !== 'leader') await this.#reportTo(this.#target());
    addresses.save();
    if (!this.#closed) this.#timer = setTimeout(() => void this.#round(), everyMilliseconds);
  }

  /** The leader if it is known; else the members in turn, until one knows it. */
  #target(): NodeId | null {
    const { addresses, identity, removed } = this.#context;
    const known = this.leader();
    if (known !== null && known !== identity.id) return known;
    const others = [...new Set(addresses.book.entries().map(({ id }) => id))]
      .filter((id) => id !== identity.id && !removed.denied.has(id))
      .sort();
    this.#asked += 1;
    return others[this.#asked % Math.max(1, others.length)] ?? null;
  }

  async #reportTo(target: NodeId | null): Promise<ReportAnswer | null> {
    if (target === null) return null;
    try {
      const answer = await this.#context.rpc.request(
        target,
        'cluster.report',
        this.report(),
        answerMilliseconds,
      );
      const parsed = reportAnswerSchema.parse(answer);
      this.#isCopy = false;
      this.#isExpired = false;
      await this.#learn(target, parsed);
      return parsed;
    } catch (error) {
      if (error instanceof RpcError) this.#noteRefusal(error.code);
      if (this.#leaderHint === target) this.#leaderHint = null;
      return null;
    }
  }

  #noteRefusal(code: string): void {
    const { log, clusterName } = this.#context;
    // A change of CAs waits for every member: who does not know the new one is a member no more.
    if ((code === 'removed' || code === 'otherAuthority') && !this.#isRemoved) {
      log.error(removedMessage(clusterName));
      this.#isRemoved = true;
    }
    this.#isExpired ||= code === 'expired';
    if (code === 'copy' && !this.#isCopy) {
      log.error(copyMessage(clusterName));
      this.#isCopy = true;
    }
  }

  async #learn(from: NodeId, answer: ReportAnswer): Promise<void> {
    const { addresses, identity, replica, log, removed } = this.#context;
    this.#leaderHint = answer.leading ? from : answer.leader;
    if (!answer.leading) return;
    removed.learn(answer.removed);
    this.#bundleHash = answer.bundleHash;
    this.#context.clock.hear(answer.clock);
    if (answer.settings !== null) this.#context.settings.hear(answer.settings);
    this.#context.enrolmentKey.hear(answer.enrolmentKey, answer.enrolmentOpen);
    for (const { id, address } of answer.members) {
      if (id !== identity.id) addresses.learn(id, address, 'leader');
    }
    if (answer.role !== this.#role) log.info({ role: answer.role }, 'this node has a new role');
    this.#role = answer.role;
    // Only the word of a leader that is not behind this node counts: an old one may not know our role.
    const isSpare = answer.role === 'spare' && answer.settled && answer.term >= replica.status().term;
    this.#spareCount = isSpare ? this.#spareCount + 1 : 0;
    if (this.#spareCount >= spareAnswers && replica.machine.applied().index > 0) {
      log.info('this node is a spare now and lets go of its data');
      await replica.becomeBlank();
    }
  }
}
