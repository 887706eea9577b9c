/**
 * What the leader does for the cluster beside consensus: stores the CA of a new cluster, keeps the roster true,
 * keeps roles as planned, and knows everybody's state.
 */

import type { ApiKeysAnswer, AuthorityAnswer, ClusterStatus, NodeStatus } from '../admin/protocol.ts';
import { defaultPeerPort, isLinkLocal, parseEndpoint } from '../peers/address-book.ts';
import { RpcError } from '../peers/rpc.ts';
import type { LogIndex, NodeId, RaftStatus } from '../raft/types.ts';
import { agreedTime, clockWarning } from './agreed-time.ts';
import { type ApiKeysParams, advanceApiKeys, describeApiKeys, rotateApiKeys } from './api-key-rotation.ts';
import { makeApiKeys, proxyName } from './api-keys.ts';
import { type CertificateAuthority, hashOfBundle, sealText } from './authority.ts';
import {
  type AuthorityParams,
  describeAuthority,
  finishRotation,
  rotateAuthority,
  rotateIfDue,
} from './authority-rotation.ts';
import { closeInTime } from './enrolment-desk.ts';
import { readApplicants } from './enrolment-records.ts';
import { chooseHeir } from './heir.ts';
import { Liveness } from './liveness.ts';
import type { MemberContext } from './member-context.ts';
import { beginRemoval, finishRemovals, type RemoveParams } from './removal.ts';
import { type Report, type ReportAnswer, ReportBook, roleIn } from './reports.ts';
import { RoleObserver } from './role-observer.ts';
import {
  authorityKey,
  authoritySealedKey,
  encodeMember,
  type Member,
  nodeKey,
  type RemovedMember,
  readMember,
  readRemoved,
  readRemoving,
  readRoster,
  readTrustBundle,
  removedKey,
} from './roster.ts';
import { readSettings } from './settings.ts';
import { composeStatus } from './status.ts';
import { adoptKeys, foundingRecords } from './voucher-desk.ts';
import type { OwnCharter } from './voucher-proof.ts';

/** A lost voter is noticed and replaced in a few of these. */
const everyMilliseconds = 250;

export interface LeaderDutiesOptions {
  /** The founder's CA, until `authorityStored` is called. */
  readonly authority: CertificateAuthority | null;
  /** And its charter. */
  readonly charter: OwnCharter | null;
  readonly authorityStored: () => void;
  readonly ownReport: () => Report;
  readonly ownAddress: () => string;
  readonly warnings: () => readonly string[];
}

export class LeaderDuties {
  readonly #context: MemberContext;
  readonly #options: LeaderDutiesOptions;
  readonly #book = new ReportBook();
  readonly #liveness: Liveness;
  readonly #observer: RoleObserver;
  readonly #timer: NodeJS.Timeout;
  #authority: CertificateAuthority | null;
  #busy = false;

  constructor(context: MemberContext, options: LeaderDutiesOptions) {
    this.#context = context;
    this.#options = options;
    this.#authority = options.authority;
    const { replica, identity, unreachableMilliseconds } = context;
    const timing = {
      tickMilliseconds: replica.tickMilliseconds,
      electionMilliseconds: () => replica.electionMilliseconds,
    };
    this.#liveness = new Liveness({ self: identity.id, unreachableMilliseconds, ...timing }, this.#book);
    this.#observer = new RoleObserver(context, options.ownReport, this.#book, this.#liveness);
    this.#timer = setInterval(() => void this.#round(), everyMilliseconds);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Takes a member's report; `address` is its peer port as the connection shows it. */
  receive(id: NodeId, report: Report, address: string): ReportAnswer {
    const status = this.#context.replica.status();
    const leading = status.role === 'leader';
    if (leading) this.#book.receive(id, report, address, performance.now());
    if (leading && report.leaving) this.#keepRoles();
    return {
      leading,
      leader: status.leader,
      term: status.term,
      role: roleIn(status.configuration, id),
      settled: !status.changing,
      mayLeave: leading && this.mayLeave(id),
      members: leading ? this.#roster().map((member) => ({ id: member.id, address: member.address })) : [],
      removed: [...this.#context.removed.denied.ids],
      bundleHash: this.#bundleHash(),
      clock: this.#context.clock.now(),
      settings: leading ? readSettings(this.#context.replica.machine.view).text : null,
      ...(leading ? this.#context.enrolmentKey.answer() : { enrolmentKey: null, enrolmentOpen: true }),
    };
  }

  #bundleHash(): string | null {
    const bundle = readTrustBundle(this.#context.replica.machine.view);
    return bundle === null ? null : hashOfBundle(bundle);
  }

  /** The CA, for a person; on the leader. Throws `RpcError` or `StoreError`. */
  async authority({ action }: AuthorityParams): Promise<AuthorityAnswer> {
    if (this.#context.replica.status().role !== 'leader')
      throw new RpcError('notLeader', 'This node does not lead.');
    if (action === 'rotate') await rotateAuthority(this.#context);
    return describeAuthority(this.#context, this.#book, this.#options.ownReport().authority);
  }

  /** The keys of the Kubernetes API, for a person; on the leader. Throws `RpcError` or `StoreError`. */
  async apiKeys({ action }: ApiKeysParams): Promise<ApiKeysAnswer> {
    if (this.#context.replica.status().role !== 'leader')
      throw new RpcError('notLeader', 'This node does not lead.');
    if (action === 'rotate') await rotateApiKeys(this.#context, 'asked');
    return describeApiKeys(this.#context, this.#book);
  }

  /** Removes a node. Throws `RpcError`, also where this node does not lead, or `StoreError`. */
  async remove(params: RemoveParams): Promise<RemovedMember> {
    const status = this.#context.replica.status();
    if (status.role !== 'leader') throw new RpcError('notLeader', 'This node does not lead.');
    const now = performance.now();
    return beginRemoval(this.#context, params, (id) => this.#liveness.isOnline(id, status, now));
  }

  /** Whether nothing is gained when a node that is leaving waits: its seat is taken, or nobody can take it. */
  mayLeave(id: NodeId): boolean {
    const status = this.#context.replica.status();
    if (status.changing) return false;
    if (!status.configuration.voters.includes(id)) return true;
    const keepsSeat = this.#observer.plan(status)?.voters.includes(id) ?? true;
    // A new leader does not know yet which standbys have caught up.
    return (
      keepsSeat && !(status.configuration.learners.length > 0 && this.#liveness.isNew(performance.now()))
    );
  }

  /** Whether a node has said that it is about to stop. */
  isLeaving(id: NodeId): boolean {
    return this.#observer.isLeaving(id);
  }

  /** The cluster's status as this node knows it; complete on the leader. */
  status(): ClusterStatus {
    const { replica, clusterName, clusterId, identity, targets } = this.#context;
    const status = replica.status();
    const clocks = this.#wallClocks(status);
    const time = clocks.size === 0 ? null : agreedTime([...clocks.values()]);
    return composeStatus({
      clusterName,
      clusterId,
      self: { id: identity.id, name: identity.name },
      leader: status.leader,
      revision: replica.machine.view.number('revision'),
      nodes: this.#roster().map((member) => this.#describe(member, status)),
      targets,
      time,
      warnings: [
        ...this.#options.warnings(),
        ...this.#membershipWarnings(),
        ...(time === null ? [] : this.#clockWarnings(time, clocks)),
      ],
    });
  }

  /** Of the members, as the leader knows them; none on another node. */
  #wallClocks(status: RaftStatus): ReadonlyMap<NodeId, number> {
    if (status.role !== 'leader') return new Map();
    const others = this.#book.wallClocks(performance.now());
    return new Map([...others, [this.#context.identity.id, Date.now()]]);
  }

  #clockWarnings(time: number, clocks: ReadonlyMap<NodeId, number>): readonly string[] {
    return this.#roster().flatMap(({ id, name }) => {
      const own = clocks.get(id);
      return own === undefined ? [] : (clockWarning(name, time, own) ?? []);
    });
  }

  #membershipWarnings(): string[] {
    const { view } = this.#context.replica.machine;
    return [
      ...readRemoving(view).map(
        ({ name }) => `${name} is being removed: it goes as soon as its seat has been handed over.`,
      ),
      ...readApplicants(view)
        .filter(({ approved }) => !approved)
        .map(
          ({ id, name, address }) =>
            `${name} (${id}) at ${address} knows the enrolment secret and wants to join, and is not admitted by itself: trivet nodes approve ${id}, or refuse.`,
        ),
    ];
  }

  async #round(): Promise<void> {
    const { replica, removed } = this.#context;
    const status = replica.status();
    removed.learn(readRemoved(replica.machine.view).map(({ id }) => id));
    const leading = status.role === 'leader';
    if (leading) this.#context.settings.hear(readSettings(replica.machine.view).text);
    const ids = leading ? this.#roster().map((member) => member.id) : [];
    this.#liveness.update(ids, leading ? status : null, performance.now());
    // What was said to this node before another led is old when it leads again.
    if (!leading) this.#book.clear();
    if (!leading || this.#busy) return;
    this.#busy = true;
    try {
      await this.#storeAuthority();
      await this.#context.enrolmentKey.store();
      await this.#updateRoster();
      this.#keepRoles();
      await finishRemovals(this.#context);
      await rotateIfDue(this.#context);
      await this.#context.clock.keep();
      await closeInTime(this.#context);
      await adoptKeys(this.#context);
      await advanceApiKeys(this.#context, this.#book);
      await finishRotation(this.#context, this.#book, this.#options.ownReport().authority);
      await this.#makeApiKeys();
    } catch (error) {
      // A write that did not come through, as in an election: the next round does it.
      this.#context.log.debug({ reason: String(error) }, 'a duty of the leader waits for the next round');
    }
    this.#busy = false;
  }

  async #makeApiKeys(): Promise<void> {
    const { store, sealing, certificates, clusterId, replica } = this.#context;
    await makeApiKeys({
      ...{ store, view: replica.machine.view, sealingKey: sealing.key },
      makeProxyIdentity: () => certificates.run('createProxyIdentity', clusterId, proxyName),
    });
  }

  /** The CA of a new cluster goes into the datastore, its key sealed; only then does the founder forget the key. */
  async #storeAuthority(): Promise<void> {
    const sealingKey = this.#context.sealing.key;
    if (this.#authority === null || sealingKey === null) return;
    const { certificate, privateKey } = this.#authority;
    await this.#context.store.transact({
      compare: [{ target: 'modifyRevision', key: authorityKey, is: 0 }],
      success: [
        { operation: 'put', key: authorityKey, value: new Uint8Array(Buffer.from(certificate)) },
        {
          operation: 'put',
          key: authoritySealedKey,
          value: sealText(privateKey, sealingKey),
        },
        ...foundingRecords(this.#options.charter, this.#context.identity.id, sealingKey),
      ],
    });
    this.#authority = null;
    this.#options.authorityStored();
  }

  /** Names, addresses and versions in the roster follow what the members report. */
  async #updateRoster(): Promise<void> {
    const { identity, store, replica } = this.#context;
    const view = replica.machine.view;
    const own = this.#memberOf(identity.id, this.#options.ownReport(), this.#options.ownAddress());
    const others = readRoster(view).flatMap((member) => {
      const received = this.#book.get(member.id);
      return received && member.id !== identity.id
        ? [this.#memberOf(member.id, received.report, received.address)]
        : [];
    });
    for (const member of [own, ...others]) {
      const known = readMember(view, member.id);
      if (known && JSON.stringify(known) === JSON.stringify(member)) continue;
      await store.transact({
        // It may have been removed meanwhile.
        compare: [{ target: 'modifyRevision', key: removedKey(member.id), is: 0 }],
        success: [{ operation: 'put', key: nodeKey(member.id), value: encodeMember(member) }],
      });
    }
  }

  #memberOf(id: NodeId, report: Report, address: string): Member {
    const { name, version, failureDomain, weight } = report;
    const known = readMember(this.#context.replica.machine.view, id);
    const spareOnly = known?.spareOnly ?? false;
    return {
      id,
      name,
      address: betterForOthers(known?.address, address, report.hosts),
      version,
      failureDomain,
      weight,
      spareOnly,
    };
  }

  #keepRoles(): void {
    const { replica, sealing, log } = this.#context;
    const status = replica.status();
    if (status.changing || status.transferTarget !== null) return;
    if (this.#givesLeadershipUp(status)) return;
    const plan = this.#observer.plan(status);
    if (plan === null) return;
    const newVoters = plan.voters.filter((id) => !status.configuration.voters.includes(id));
    if (!sealing.hasGiven(newVoters)) {
      void sealing.give(newVoters).then((given) => {
        if (given && replica.status().role === 'leader') this.#keepRoles();
      });
      return;
    }
    const outcome = replica.proposeConfiguration(plan);
    if (outcome.kind === 'accepted')
      log.info({ voters: plan.voters, standbys: plan.learners }, 'changing roles');
  }

  /** A leader that is to be removed has another lead; the only voter is replaced first. */
  #givesLeadershipUp(status: RaftStatus): boolean {
    const { replica, identity } = this.#context;
    if (!readRemoving(replica.machine.view).some(({ id }) => id === identity.id)) return false;
    const ticks = replica.electionMilliseconds / replica.tickMilliseconds;
    const heir = chooseHeir(status, ticks, (id) => this.isLeaving(id));
    if (heir !== null) replica.transferLeadership(heir);
    return heir !== null;
  }

  /** The roster, or before it is written the founder alone. */
  #roster(): readonly Member[] {
    const { replica, identity } = this.#context;
    const members = readRoster(replica.machine.view);
    if (members.length > 0) return members;
    return [this.#memberOf(identity.id, this.#options.ownReport(), this.#options.ownAddress())];
  }

  #describe(member: Member, status: RaftStatus): NodeStatus {
    const isSelf = member.id === this.#context.identity.id;
    const leading = status.role === 'leader';
    const { appliedIndex: applied = 0, hosts = [] } = this.#observer.reportOf(member.id) ?? {};
    return {
      id: member.id,
      name: member.name,
      address: member.address,
      hosts,
      role: roleIn(status.configuration, member.id),
      // Only the leader hears from everybody; without one, a node knows for certain only of itself.
      online: leading
        ? this.#liveness.isOnline(member.id, status, performance.now())
        : isSelf || member.id === status.leader,
      appliedIndex: applied,
      lag: Math.max(0, (status.commit as LogIndex) - applied),
      version: member.version,
      failureDomain: member.failureDomain,
      weight: member.weight,
    };
  }
}

/**
 * A link-local IPv6 address means nothing to who is on another link, or has several: one that others can use is kept, as
 * long as the machine has it.
 */
function betterForOthers(known: string | undefined, seen: string, hosts: readonly string[]): string {
  const knownHost = parseEndpoint(known ?? '', defaultPeerPort)?.host;
  const seenHost = parseEndpoint(seen, defaultPeerPort)?.host ?? '';
  const isKept =
    known !== undefined &&
    knownHost !== undefined &&
    isLinkLocal(seenHost) &&
    !isLinkLocal(knownHost) &&
    hosts.includes(knownHost);
  return isKept ? known : seen;
}
