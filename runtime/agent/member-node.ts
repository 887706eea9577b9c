/**
 * A node that is a member of a cluster, wired together: replica and store, links to the others, reports to the
 * leader, and the leader's duties when it leads.
 */
import type { TLSSocket } from 'node:tls';
import type { ClusterStatus } from '../admin/protocol.ts';
import { type AddressKeeper, openAddressKeeper } from '../cluster/address-keeper.ts';
import type { Candidates } from '../cluster/discovery/candidates.ts';
import { PeerFinder } from '../cluster/discovery/peer-finder.ts';
import { admit } from '../cluster/enrolling.ts';
import type { EnrolAnswer } from '../cluster/enrolment.ts';
import type { Identity } from '../cluster/identity.ts';
import { LeaderDuties } from '../cluster/leader-duties.ts';
import type { MemberContext } from '../cluster/member-context.ts';
import { forgetAuthorityKey, type Membership } from '../cluster/membership.ts';
import { Reporter } from '../cluster/reporter.ts';
import { reportSchema, roleIn } from '../cluster/reports.ts';
import { readRoster } from '../cluster/roster.ts';
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
import { addressForOthers, formatEndpoint } from '../peers/address-book.ts';
import { memberFrameLimitBytes } from '../peers/frames.ts';
import { RaftLinks, receiveMessages } from '../peers/raft-links.ts';
import { RpcError, serveRpc } from '../peers/rpc.ts';
import { RpcLinks } from '../peers/rpc-links.ts';
import type { SecretKeys } from '../peers/secret.ts';
import type { PeerIdentity } from '../peers/trust.ts';
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
  readonly keys: SecretKeys;
  readonly port: number;
  readonly log: Log;
  /** Where others may be, as discovery says. */
  readonly candidates: Candidates;
  /** Whether discovery should look often, since a peer is missing. */
  readonly onSearching: (searching: boolean) => void;
  readonly warnings: () => readonly string[];
  readonly onFatal: (message: string) => void;
}

const snapshotRequestMilliseconds = 30_000;
const statusMilliseconds = 3_000;

export class MemberNode {
  readonly #options: MemberNodeOptions;
  readonly #context: MemberContext;
  readonly #core: ReplicatedCore;
  readonly #storage: StorageThread;
  readonly #raftLinks: RaftLinks;
  readonly #reporter: Reporter;
  readonly #duties: LeaderDuties;
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
    const rpc = new RpcLinks(membership.credentials, addresses.book);
    const raftLinks = new RaftLinks(membership.credentials, addresses.book);
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
    const node: MemberNode = new MemberNode(options, { replica, core, rpc, addresses, raftLinks, storage });
    return node;
  }

  private constructor(
    options: MemberNodeOptions,
    parts: {
      readonly replica: Replica;
      readonly core: ReplicatedCore;
      readonly rpc: RpcLinks;
      readonly addresses: AddressKeeper;
      readonly raftLinks: RaftLinks;
      readonly storage: StorageThread;
    },
  ) {
    const { config, identity, membership, keys, port, log } = options;
    this.#options = options;
    this.#core = parts.core;
    this.#storage = parts.storage;
    this.#raftLinks = parts.raftLinks;
    this.#ownAddress = new OwnAddress(config.peers.address, port);
    this.#context = {
      identity,
      version,
      clusterName: config.cluster.name,
      clusterId: membership.credentials.clusterId,
      keys,
      targets: config.roles,
      failureDomain: config.cluster.failureDomain ?? null,
      weight: config.cluster.weight,
      unreachableMilliseconds: (id) => parts.raftLinks.unreachableMilliseconds(id),
      port,
      replica: parts.replica,
      store: new EmbeddedStore(parts.core, realSurroundings.random),
      rpc: parts.rpc,
      addresses: parts.addresses,
      log,
    };
    this.#finder = new PeerFinder({
      ...{ credentials: membership.credentials, book: parts.addresses.book, log },
      ...{ candidates: options.candidates, onEager: options.onSearching },
    });
    this.#reporter = new Reporter(this.#context);
    this.#duties = new LeaderDuties(this.#context, {
      authority: membership.authority,
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
    const { identity, rpc } = this.#context;
    const own = this.#duties.status();
    const leader = this.leader();
    if (leader === null || leader === identity.id) return own;
    try {
      const theirs = (await rpc.request(leader, 'cluster.status', {}, statusMilliseconds)) as ClusterStatus;
      return { ...theirs, self: own.self, warnings: [...new Set([...theirs.warnings, ...own.warnings])] };
    } catch {
      return own;
    }
  }

  /** Whether it is known as a member, wherever it is. */
  isPeer(id: NodeId): boolean {
    return this.#context.addresses.book.has(id);
  }

  acceptRaft(socket: TLSSocket, peer: PeerIdentity): void {
    this.#ownAddress.see(socket.localAddress);
    const { replica } = this.#context;
    receiveMessages(socket, peer.nodeId, {
      onMessage: (message) => replica.step(message),
      onEnd: () => replica.lostTouch(peer.nodeId),
    });
  }

  acceptRpc(socket: TLSSocket, peer: PeerIdentity): void {
    const remoteHost = addressForOthers(socket.remoteAddress ?? '');
    this.#ownAddress.see(socket.localAddress);
    serveRpc(socket, memberFrameLimitBytes, (method, params) =>
      this.#serve(method, params, peer.nodeId, remoteHost),
    );
  }

  /** Admits a machine that has proved the secret; a spare passes it on to the leader. */
  enrol(params: Record<string, unknown>, remoteHost: string): Promise<unknown> {
    const leader = this.leader();
    if (this.#reporter.role !== 'spare' || leader === null || leader === this.#context.identity.id) {
      return admit(this.#context, params, remoteHost);
    }
    return this.#context.rpc.request(
      leader,
      'cluster.enrol',
      { ...params, remoteHost },
      snapshotRequestMilliseconds,
    );
  }

  /** Hands over what it can, then stops in good order. */
  async close(): Promise<void> {
    await handOver({ ...this.#context, reporter: this.#reporter, duties: this.#duties });
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
      case 'cluster.enrol':
        return admit(this.#context, params, String(params.remoteHost));
      default: {
        const answer = this.#context.replica.serve(method, params) ?? this.#core.serve(method, params);
        if (answer === null) throw new RpcError('unknownMethod', `This version knows no "${method}".`);
        return answer.catch((error: { code?: string; message: string }) => {
          throw new RpcError(error.code ?? 'internal', error.message);
        });
      }
    }
  }

  #warnings(): readonly string[] {
    const { obstacle } = this.#context.replica;
    return [
      ...(obstacle ? [`${this.#context.identity.name}: ${obstacle}`] : []),
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
