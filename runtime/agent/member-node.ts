/**
 * A node that is a member of a cluster, wired together: replica and store, links to the others, reports to the
 * leader, and the leader's duties when it leads.
 */
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { AuthorityAnswer, ClusterStatus } from '../admin/protocol.ts';
import { type AddressKeeper, openAddressKeeper } from '../cluster/address-keeper.ts';
import { type AuthorityParams, authorityParams } from '../cluster/authority-rotation.ts';
import { ClusterClock } from '../cluster/cluster-clock.ts';
import type { Candidates } from '../cluster/discovery/candidates.ts';
import { PeerFinder } from '../cluster/discovery/peer-finder.ts';
import { admit } from '../cluster/enrolling.ts';
import type { EnrolAnswer } from '../cluster/enrolment.ts';
import { type DeskParams, deskParams, serveDesk } from '../cluster/enrolment-desk.ts';
import type { Identity } from '../cluster/identity.ts';
import { LeaderDuties } from '../cluster/leader-duties.ts';
import type { MemberContext } from '../cluster/member-context.ts';
import { forgetAuthorityKey, type Membership, saveRenewal } from '../cluster/membership.ts';
import { copyMessage, type RemoveParams, removedMessage, removeParams } from '../cluster/removal.ts';
import { openRemovedKeeper, type RemovedKeeper } from '../cluster/removed-keeper.ts';
import { RenewableCredentials } from '../cluster/renewable-credentials.ts';
import { Renewer, renew, renewParams } from '../cluster/renewer.ts';
import { Reporter } from '../cluster/reporter.ts';
import { reportSchema, roleIn } from '../cluster/reports.ts';
import { type RemovedMember, readMember, readRoster } from '../cluster/roster.ts';
import { SealingKeeper } from '../cluster/sealing-key.ts';
import { fencedStatus } from '../cluster/status.ts';
import {
  findTokenKey,
  hasLiveTokens,
  serveTokens,
  type TokenParams,
  tokenParams,
} from '../cluster/tokens.ts';
import { serveVouchers, type VoucherParams, voucherParams } from '../cluster/voucher-desk.ts';
import type { Charter } from '../cluster/voucher-proof.ts';
import { readCharter } from '../cluster/voucher-records.ts';
import type { Config } from '../config/schema.ts';
import { realSurroundings } from '../datastore/clock.ts';
import { EmbeddedStore } from '../datastore/embedded-store.ts';
import { Replica } from '../datastore/replica.ts';
import { ReplicatedCore } from '../datastore/replicated-core.ts';
import { shipSnapshot } from '../datastore/snapshots.ts';
import { StateFiles, storagePaths } from '../datastore/state-files.ts';
import type { StateView } from '../datastore/state-machine/reading.ts';
import { StorageThread } from '../datastore/storage-thread.ts';
import type { Store, StoreMember } from '../datastore/store.ts';
import type { StoreCore } from '../datastore/store-core.ts';
import { makeDirectoryDurably } from '../files/durable.ts';
import type { Log } from '../logging/log.ts';
import { AcceptedConnections } from '../peers/accepted-connections.ts';
import { addressForOthers, formatEndpoint, plainAddress } from '../peers/address-book.ts';
import { memberFrameLimitBytes, strangerFrameLimitBytes } from '../peers/frames.ts';
import type { PeerGate } from '../peers/gate.ts';
import { type Copy, InstanceGuard } from '../peers/instances.ts';
import { RaftLinks, receiveMessages } from '../peers/raft-links.ts';
import { RpcError, serveRpc } from '../peers/rpc.ts';
import { RpcLinks } from '../peers/rpc-links.ts';
import { caHashOf } from '../peers/token.ts';
import { type Credentials, isIssuedBy, type ProvedPeer, splitBundle } from '../peers/trust.ts';
import type { NodeId } from '../raft/types.ts';
import { version } from '../version.ts';
import { handOver } from './hand-over.ts';
import { OwnAddress } from './own-address.ts';
import { type LogEnd, planRecovery, type RecoveryPlan } from './recovery-plan.ts';
import { startWorker } from './start-worker.ts';

export interface MemberNodeOptions {
  readonly config: Config;
  readonly identity: Identity;
  readonly membership: Membership;
  /** Addresses to begin with, beside those on disk. */
  readonly members: EnrolAnswer['members'];
  readonly port: number;
  readonly log: Log;
  /** Where others may be, as discovery says. */
  readonly candidates: Candidates;
  /** Whether discovery should look often, since a peer is missing. */
  readonly onSearching: (searching: boolean) => void;
  readonly warnings: () => readonly string[];
  /** The certificate is another one now: from the next connection on. */
  readonly onRenewed: (credentials: Credentials) => void;
  readonly onFatal: (message: string) => void;
}

const snapshotRequestMilliseconds = 30_000;
const statusMilliseconds = 3_000;
/** With shorter certificates the cluster's clock is kept exactly. */
const exactBelowHours = 24;
/** For a refusal to leave before the connection is cut. */
const refusalMilliseconds = 1_000;
/** For a removal: an election may have to pass, and a standby to catch up. */
const removalMilliseconds = 60_000;
const removalPauseMilliseconds = 200;

export class MemberNode {
  readonly #options: MemberNodeOptions;
  readonly #context: MemberContext;
  readonly #core: ReplicatedCore;
  readonly #storage: StorageThread;
  readonly #raftLinks: RaftLinks;
  readonly #reporter: Reporter;
  readonly #duties: LeaderDuties;
  readonly #accepted: AcceptedConnections;
  readonly #instances: InstanceGuard;
  readonly #renewer: Renewer;
  readonly #lifetimeSeconds: number;
  readonly #finder: PeerFinder;
  readonly #ownAddress: OwnAddress;

  /** Opens the node's storage and starts taking part. Throws what `Replica.open` throws. */
  static async open(options: MemberNodeOptions): Promise<MemberNode> {
    const { config, identity, membership, members, log } = options;
    const paths = storagePaths(config.dataDirectory);
    makeDirectoryDurably(paths.snapshots);
    const addresses = openAddressKeeper(config.dataDirectory);
    for (const { id, address } of members) if (id !== identity.id) addresses.learn(id, address);
    addresses.save();
    const removed = openRemovedKeeper(config.dataDirectory);
    const gate = { denied: removed.denied, instances: new InstanceGuard() };
    const credentials = new RenewableCredentials(membership.credentials);
    const rpc = new RpcLinks(credentials, addresses.book, gate);
    const raftLinks = new RaftLinks(credentials, addresses.book, gate);
    const storage = new StorageThread(() => startWorker({ role: 'storage' }));
    let core: ReplicatedCore | null = null;
    const replica = await Replica.open({
      ...config.datastore,
      id: identity.id,
      surroundings: realSurroundings,
      logStorage: { directory: paths.log },
      state: new StateFiles(paths, storage),
      founder: membership.authority !== null,
      log,
      send: (message) => raftLinks.send(message),
      shipSnapshot: (made, to) =>
        shipSnapshot(made, (method, params) => rpc.request(to, method, params, snapshotRequestMilliseconds)),
      onApplied: () => core?.stateChanged(),
      onFatal: options.onFatal,
    });
    const network = {
      leader: (): NodeId | null => node.leader(),
      request: rpc.request.bind(rpc),
      explainUnavailable: (): string =>
        node.localStatus().reason ?? 'The cluster does not answer at the moment: try again.',
      clusterId: () => membership.credentials.clusterId,
      members: () => storeMembers(replica),
    };
    const { spaceLimitBytes, keepRevisions } = config.datastore;
    core = new ReplicatedCore(replica, network, {
      ...realSurroundings,
      ...{ version, spaceLimitBytes, keepRevisions },
      log: (message) => log.warn(message),
    });
    const node: MemberNode = new MemberNode(options, {
      ...{ replica, core, rpc, addresses, removed, gate, credentials, raftLinks, storage },
    });
    return node;
  }

  private constructor(
    options: MemberNodeOptions,
    parts: {
      readonly replica: Replica;
      readonly core: ReplicatedCore;
      readonly rpc: RpcLinks;
      readonly addresses: AddressKeeper;
      readonly removed: RemovedKeeper;
      readonly gate: PeerGate;
      readonly credentials: RenewableCredentials;
      readonly raftLinks: RaftLinks;
      readonly storage: StorageThread;
    },
  ) {
    const { config, identity, membership, port, log } = options;
    this.#options = options;
    this.#core = parts.core;
    this.#storage = parts.storage;
    this.#raftLinks = parts.raftLinks;
    this.#ownAddress = new OwnAddress(config.peers.address, port);
    const store = new EmbeddedStore(parts.core, realSurroundings.random);
    const { enrolment } = config.cluster;
    this.#context = {
      identity,
      version,
      clusterName: config.cluster.name,
      clusterId: membership.credentials.clusterId,
      sealing: new SealingKeeper({
        ...{ dataDirectory: config.dataDirectory, self: identity.id, log },
        configuration: () => parts.replica.status().configuration,
        request: parts.rpc.request.bind(parts.rpc),
      }),
      targets: config.roles,
      failureDomain: config.cluster.failureDomain ?? null,
      weight: config.cluster.weight,
      unreachableMilliseconds: (id) => parts.raftLinks.unreachableMilliseconds(id),
      port,
      replica: parts.replica,
      store,
      enrolment,
      clock: new ClusterClock({
        view: () => parts.replica.machine.view,
        store,
        isNeeded: () =>
          enrolment.hours !== undefined ||
          config.cluster.certificateHours < exactBelowHours ||
          hasLiveTokens(parts.replica.machine.view, 0),
      }),
      rpc: parts.rpc,
      addresses: parts.addresses,
      removed: parts.removed,
      ownAuthority: () => authorityOf(parts.credentials),
      log,
    };
    this.#lifetimeSeconds = config.cluster.certificateHours * 3600;
    this.#instances = parts.gate.instances;
    this.#accepted = new AcceptedConnections(parts.gate);
    this.#finder = new PeerFinder({
      ...{ credentials: parts.credentials, book: parts.addresses.book, log },
      instance: parts.gate.instances.own,
      ...{ candidates: options.candidates, onEager: options.onSearching },
    });
    this.#reporter = new Reporter(this.#context);
    this.#renewer = new Renewer({
      ...{ context: this.#context, credentials: parts.credentials, lifetimeSeconds: this.#lifetimeSeconds },
      ...{ leader: () => this.leader(), onRenewed: () => options.onRenewed(parts.credentials) },
      toldBundleHash: () => this.#reporter.bundleHash,
      isExpired: () => this.#reporter.isExpired,
      save: (renewed) => saveRenewal(config.dataDirectory, renewed),
    });
    this.#duties = new LeaderDuties(this.#context, {
      ...{ authority: membership.authority, charter: membership.charter },
      authorityStored: () => forgetAuthorityKey(config.dataDirectory),
      ownReport: () => this.#reporter.report(),
      ownAddress: () => this.#ownAddress.current(),
      warnings: () => this.#warnings(),
    });
  }

  get storeCore(): StoreCore {
    return this.#core;
  }

  get store(): Store {
    return this.#context.store;
  }

  get clusterId(): string {
    return this.#context.clusterId;
  }

  get view(): StateView {
    return this.#context.replica.machine.view;
  }

  leader(): NodeId | null {
    return this.#reporter.leader();
  }

  /** Whether this node may go on without the others; asks those that answer how much they have. */
  async recoveryPlan(): Promise<RecoveryPlan> {
    const { identity, clusterName, clusterId, replica, rpc } = this.#context;
    const { configuration, leader } = replica.status();
    const others = readRoster(this.view).filter(({ id }) => id !== identity.id);
    const known = await Promise.all(
      others.map(async ({ id, name }) => {
        const answer = await rpc.request(id, 'cluster.logEnd', {}, statusMilliseconds).catch(() => null);
        return { name, role: roleIn(configuration, id), log: answer as LogEnd | null };
      }),
    );
    const leaderName = others.find(({ id }) => id === leader)?.name ?? leader;
    const log = this.#logEnd();
    return planRecovery({ clusterName, clusterId, self: identity, leader: leaderName, others: known, log });
  }

  #logEnd(): LogEnd {
    const { lastTerm, lastIndex } = this.#context.replica.status();
    return { term: lastTerm, index: lastIndex };
  }

  /** What this node knows by itself, for when there is no leader to ask. */
  localStatus(): ClusterStatus {
    return this.#duties.status();
  }

  /** The leader's view where it can be had. */
  async status(): Promise<ClusterStatus> {
    const { identity, rpc, clusterName } = this.#context;
    const own = this.#duties.status();
    if (this.#reporter.isRemoved) return fencedStatus(own, 'removed', removedMessage(clusterName));
    if (this.#reporter.isCopy) return fencedStatus(own, 'copy', copyMessage(clusterName));
    const leader = this.leader();
    if (leader === null || leader === identity.id) return own;
    try {
      const theirs = (await rpc.request(leader, 'cluster.status', {}, statusMilliseconds)) as ClusterStatus;
      return { ...theirs, self: own.self, warnings: [...new Set([...theirs.warnings, ...own.warnings])] };
    } catch {
      return own;
    }
  }

  /**
   * Removes a node, from any member. Resolves when it has gone, with `done` false when its seat could not be handed over
   * yet: that goes on. Rejects with `RpcError`.
   */
  async remove(params: RemoveParams): Promise<RemovedMember & { readonly done: boolean }> {
    const deadline = performance.now() + removalMilliseconds;
    const removed = (await this.#askLeader('cluster.remove', params)) as RemovedMember;
    while (performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, removalPauseMilliseconds));
      const status = await this.status();
      const isGone = status.leader !== null && !status.nodes.some(({ id }) => id === removed.id);
      if (isGone || this.#context.removed.denied.has(removed.id) || this.#reporter.isRemoved)
        return { ...removed, done: true };
    }
    return { ...removed, done: false };
  }

  /** Enrolment as a person sees and changes it, from any member. Rejects with `RpcError`. */
  enrolment(params: DeskParams): Promise<unknown> {
    return this.#askLeader('cluster.enrolment', params);
  }

  /** Tokens, from any member. Rejects with `RpcError`. */
  tokens(params: TokenParams): Promise<unknown> {
    return this.#askLeader('cluster.tokens', params);
  }

  /** Vouchers, from any member. Rejects with `RpcError`. */
  vouchers(params: VoucherParams): Promise<unknown> {
    return this.#askLeader('cluster.vouchers', params);
  }

  /** What shows to machines of a batch that this cluster is theirs. */
  charter(): Charter | null {
    return readCharter(this.view) ?? this.#options.membership.charter?.charter ?? null;
  }

  /** The pre-shared key of a token; null for one that this node does not know. */
  tokenKey(identity: string): Buffer | null {
    return findTokenKey(this.view, this.#context.sealing.key, identity);
  }

  /** The CA, from any member. Rejects with `RpcError`. */
  async authority(params: AuthorityParams): Promise<unknown> {
    if (params.action === 'status') return this.#askLeader('cluster.authority', params);
    const ask = async () =>
      (await this.#askLeader('cluster.authority', { action: 'status' })) as AuthorityAnswer;
    const { authority } = await ask();
    try {
      return await this.#askLeader('cluster.authority', params);
    } catch (error) {
      // Making keys may keep a small machine busy for so long that the connection is given up: what became of it counts.
      const isLost = error instanceof RpcError && ['closed', 'timeout'].includes(error.code);
      const now = isLost ? await ask().catch(() => null) : null;
      if (now !== null && now.authority !== authority) return now;
      throw error;
    }
  }

  async #askLeader(
    method:
      | 'cluster.remove'
      | 'cluster.enrolment'
      | 'cluster.tokens'
      | 'cluster.authority'
      | 'cluster.vouchers',
    params: RemoveParams | DeskParams | TokenParams | AuthorityParams | VoucherParams,
  ): Promise<unknown> {
    const { identity, rpc } = this.#context;
    const leader = this.leader();
    if (leader === null)
      throw new RpcError(
        'unavailable',
        `${this.localStatus().reason ?? 'There is no leader.'} Nothing was done.`,
      );
    if (leader === identity.id) return this.#serve(method, params, identity.id, '');
    return rpc.request(leader, method, params, snapshotRequestMilliseconds);
  }

  /** Whether it is known as a member, wherever it is. */
  isPeer(id: NodeId): boolean {
    return this.#context.addresses.book.has(id);
  }

  acceptRaft(socket: TLSSocket, peer: ProvedPeer): void {
    if (
      this.#isExpired(peer) ||
      this.#accepted.take(socket, peer.nodeId, remoteAddress(socket)) !== 'admitted'
    ) {
      socket.destroy();
      return;
    }
    this.#ownAddress.see(socket.localAddress);
    const { replica } = this.#context;
    receiveMessages(socket, peer.nodeId, this.#instances.own, {
      onMessage: (message) => replica.step(message),
      onEnd: () => replica.lostTouch(peer.nodeId),
    });
  }

  acceptRpc(socket: TLSSocket, peer: ProvedPeer): void {
    const remoteHost = addressForOthers(socket.remoteAddress ?? '');
    const admission = this.#accepted.take(socket, peer.nodeId, remoteAddress(socket));
    if (admission !== 'admitted') {
      this.#refuse(socket, admission);
      return;
    }
    this.#ownAddress.see(socket.localAddress);
    // Judged when the connection opens: one that is open stays so while the certificate is renewed.
    if (this.#isExpired(peer)) {
      this.#serveRenewal(socket, peer.nodeId);
      return;
    }
    serveRpc(socket, memberFrameLimitBytes, (method, params) =>
      this.#serve(method, params, peer.nodeId, remoteHost),
    );
  }

  /** A node that was away for longer than its certificate lives gets a new one here, and then connects again. */
  #serveRenewal(socket: TLSSocket, from: NodeId): void {
    serveRpc(socket, memberFrameLimitBytes, async (method, params) => {
      setTimeout(() => socket.destroy(), refusalMilliseconds).unref();
      if (method === 'cluster.renew') return this.#serve(method, params, from, '');
      throw new RpcError('expired', 'The certificate of this node has expired: it can only be renewed.');
    });
  }

  /** By the cluster's clock. Whoever was away for long renews its certificate first, which nobody but a removed node is denied. */
  #isExpired({ issuedAt }: ProvedPeer): boolean {
    return this.#context.clock.now() - issuedAt > this.#lifetimeSeconds;
  }

  /** A node that was removed, or the copy of one, hears why nobody answers it, and nothing else. */
  #refuse(socket: TLSSocket, why: 'removed' | 'copy'): void {
    const { clusterName } = this.#context;
    serveRpc(socket, strangerFrameLimitBytes, async () => {
      setTimeout(() => socket.destroy(), refusalMilliseconds).unref();
      throw new RpcError(why, why === 'removed' ? removedMessage(clusterName) : copyMessage(clusterName));
    });
  }

  get isRemoved(): boolean {
    return this.#reporter.isRemoved;
  }

  /** Admits a machine that has proved the secret; a node that does not vote passes it on to the leader. */
  async enrol(params: Record<string, unknown>, remoteHost: string, tokenId: string | null): Promise<unknown> {
    const { sealing, identity, rpc } = this.#context;
    const leader = this.leader();
    if (sealing.key !== null || leader === identity.id)
      return admit(this.#context, params, remoteHost, tokenId);
    if (leader === null) throw new RpcError('notReady', 'This node cannot admit others: it knows no leader.');
    const relayed = { ...params, remoteHost, tokenId };
    return rpc.request(leader, 'cluster.enrol', relayed, snapshotRequestMilliseconds);
  }

  /** Hands over what it can, then stops in good order. */
  async close(): Promise<void> {
    await handOver({ ...this.#context, reporter: this.#reporter, duties: this.#duties });
    this.#context.sealing.close();
    this.#renewer.close();
    this.#finder.close();
    this.#duties.close();
    this.#reporter.close();
    this.#core.close();
    await this.#context.replica.close();
    this.#raftLinks.close();
    this.#context.rpc.close();
    this.#context.addresses.save();
    await this.#storage.close();
  }

  async #serve(
    method: string,
    params: Record<string, unknown>,
    from: NodeId,
    remoteHost: string,
  ): Promise<unknown> {
    switch (method) {
      case 'cluster.report': {
        const report = reportSchema.parse(params);
        return this.#duties.receive(from, report, formatEndpoint({ host: remoteHost, port: report.port }));
      }
      case 'cluster.status':
        return this.#duties.status();
      case 'cluster.logEnd':
        return this.#logEnd();
      case 'cluster.sealingKey': {
        const answer = this.#context.sealing.answer(from);
        if (answer === null)
          throw new RpcError('notVoter', 'Only voters are told the sealing key, by voters.');
        return answer;
      }
      case 'cluster.takeSealingKey':
        return this.#context.sealing.take(from, params);
      case 'cluster.tokens':
        return serveTokens(this.#context, tokenParams.parse(params));
      case 'cluster.vouchers':
        return serveVouchers(this.#context, voucherParams.parse(params));
      case 'cluster.enrolment':
        return serveDesk(this.#context, deskParams.parse(params));
      case 'cluster.renew':
        return renew(this.#context, from, renewParams.parse(params).publicKey);
      case 'cluster.authority':
        return this.#duties.authority(authorityParams.parse(params));
      case 'cluster.remove':
        return this.#duties.remove(removeParams.parse(params));
      case 'cluster.enrol':
        return admit(
          this.#context,
          params,
          String(params.remoteHost),
          params.tokenId === null ? null : String(params.tokenId),
        );
      default: {
        const answer = this.#context.replica.serve(method, params) ?? this.#core.serve(method, params);
        if (answer === null) throw new RpcError('unknownMethod', `This version knows no "${method}".`);
        return answer.catch((error: { code?: string; message: string }) => {
          throw new RpcError(error.code ?? 'internal', error.message);
        });
      }
    }
  }

  #copyWarning({ id, address, original }: Copy): string {
    const name = readMember(this.view, id)?.name ?? id;
    return `Two machines have the identity of ${name}: one at ${original}, and one at ${address}, which is refused. A disk was copied: give one of them a factory reset.`;
  }

  #warnings(): readonly string[] {
    const { obstacle } = this.#context.replica;
    return [
      ...(obstacle ? [`${this.#context.identity.name}: ${obstacle}`] : []),
      ...this.#instances.copies().map((copy) => this.#copyWarning(copy)),
      ...this.#options.warnings(),
    ];
  }
}

/** Those who hold the data, as etcd's clients know members. */
function storeMembers(replica: Replica): StoreMember[] {
  const { configuration } = replica.status();
  return readRoster(replica.machine.view).flatMap(({ id, name, address }) => {
    const role = roleIn(configuration, id);
    return role === 'spare' ? [] : [{ id, name, address, learner: role === 'standby' }];
  });
}
function remoteAddress(socket: TLSSocket): string {
  return plainAddress(socket.remoteAddress ?? 'an unknown address');
}

/** The beginning of the hash of the CA that has signed a member's certificate; empty when it knows that CA no more. */
function authorityOf({ certificate, caCertificate }: Credentials): string {
  const own = new X509Certificate(certificate);
  const issuer = splitBundle(caCertificate).find((ca) => isIssuedBy(own, new X509Certificate(ca)));
  return issuer === undefined ? '' : caHashOf(issuer);
}
