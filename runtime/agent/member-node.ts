/**
 * A node that is a member of a cluster, wired together: replica and store, links to the others, reports to the
 * leader, and the leader's duties when it leads.
 */
import type { ClusterStatus } from '../admin/protocol.ts';
import { type AddressKeeper, openAddressKeeper } from '../cluster/address-keeper.ts';
import { ApiKeyKeeper, type ApiKeys, apiKeysKey } from '../cluster/api-keys.ts';
import type { CertificateThread } from '../cluster/certificate-thread.ts';
import { ClusterClock } from '../cluster/cluster-clock.ts';
import type { Candidates } from '../cluster/discovery/candidates.ts';
import { PeerFinder } from '../cluster/discovery/peer-finder.ts';
import type { EnrolAnswer } from '../cluster/enrolment.ts';
import { whyClosed } from '../cluster/enrolment-desk.ts';
import { EnrolmentKeeper } from '../cluster/enrolment-key.ts';
import type { Identity } from '../cluster/identity.ts';
import { LeaderDuties } from '../cluster/leader-duties.ts';
import type { MemberContext } from '../cluster/member-context.ts';
import { forgetAuthorityKey, type Membership, saveRenewal } from '../cluster/membership.ts';
import { openRemovedKeeper, type RemovedKeeper } from '../cluster/removed-keeper.ts';
import { RenewableCredentials } from '../cluster/renewable-credentials.ts';
import { Renewer } from '../cluster/renewer.ts';
import { Reporter } from '../cluster/reporter.ts';
import { roleIn } from '../cluster/reports.ts';
import { readMember, readRoster } from '../cluster/roster.ts';
import { SealingKeeper } from '../cluster/sealing-key.ts';
import { openSettingsKeeper } from '../cluster/settings-keeper.ts';
import { findTokenKey, hasLiveTokens } from '../cluster/tokens.ts';
import type { Charter } from '../cluster/voucher-proof.ts';
import { readCharter } from '../cluster/voucher-records.ts';
import type { ConfigInForce } from '../config/cluster-settings.ts';
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
import type { PeerGate } from '../peers/gate.ts';
import { type Copy, InstanceGuard } from '../peers/instances.ts';
import { RaftLinks } from '../peers/raft-links.ts';
import { RpcLinks } from '../peers/rpc-links.ts';
import type { SecretKeys } from '../peers/secret.ts';
import type { Credentials } from '../peers/trust.ts';
import type { NodeId } from '../raft/types.ts';
import { version } from '../version.ts';
import { handOver } from './hand-over.ts';
import { MemberDoor } from './member-door.ts';
import { logEndOf, MemberRequests } from './member-requests.ts';
import { OwnAddress } from './own-address.ts';
import { type LogEnd, planRecovery, type RecoveryPlan } from './recovery-plan.ts';
import { startWorker } from './start-worker.ts';

export interface MemberNodeOptions {
  readonly config: ConfigInForce;
  readonly identity: Identity;
  readonly membership: Membership;
  /** Addresses to begin with, beside those on disk. */
  readonly members: EnrolAnswer['members'];
  readonly port: number;
  readonly log: Log;
  readonly certificates: CertificateThread;
  /** Of the enrolment secret, where the configuration has it. */
  readonly secretKeys: SecretKeys | null;
  /** The cluster keeps the secret's key: this machine does not need the secret any more. May be called often. */
  readonly onSecretKept: () => void;
  /** Where others may be, as discovery says. */
  readonly candidates: Candidates;
  /** Whether discovery should look often, since a peer is missing. */
  readonly onSearching: (searching: boolean) => void;
  readonly warnings: () => readonly string[];
  /** The certificate is another one now: from the next connection on. */
  readonly onRenewed: (credentials: Credentials) => void;
  /** The keys of the Kubernetes API are known, or are others. */
  readonly onApiKeys: (keys: ApiKeys) => void;
  readonly onFatal: (message: string) => void;
}

const snapshotRequestMilliseconds = 30_000;
const statusMilliseconds = 3_000;
/** With shorter certificates the cluster's clock is kept exactly. */
const exactBelowHours = 24;

export class MemberNode {
  readonly #options: MemberNodeOptions;
  readonly #context: MemberContext;
  readonly #core: ReplicatedCore;
  readonly #storage: StorageThread;
  readonly #raftLinks: RaftLinks;
  readonly #reporter: Reporter;
  readonly #duties: LeaderDuties;
  readonly #instances: InstanceGuard;
  readonly #renewer: Renewer;
  readonly #apiKeys: ApiKeyKeeper;
  readonly #finder: PeerFinder;
  /** For connections from members. */
  readonly door: MemberDoor;
  /** For what is asked of the cluster through this node. */
  readonly requests: MemberRequests;

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
    const ownAddress = new OwnAddress(config.peers.address, port);
    const store = new EmbeddedStore(parts.core, realSurroundings.random);
    const settings = openSettingsKeeper(config, log);
    const view = (): StateView => parts.replica.machine.view;
    const sealing = new SealingKeeper({
      ...{ dataDirectory: config.dataDirectory, self: identity.id, log },
      configuration: () => parts.replica.status().configuration,
      request: parts.rpc.request.bind(parts.rpc),
    });
    const clock = new ClusterClock({
      view,
      store,
      isNeeded: (now) =>
        settings.now.cluster.enrolment.hours !== undefined ||
        settings.now.cluster.certificateHours < exactBelowHours ||
        hasLiveTokens(view(), now),
    });
    this.#context = {
      identity,
      version,
      clusterName: config.cluster.name,
      clusterId: membership.credentials.clusterId,
      sealing,
      settings,
      get targets() {
        return settings.now.roles;
      },
      get enrolment() {
        return settings.now.cluster.enrolment;
      },
      failureDomain: config.cluster.failureDomain ?? null,
      weight: config.cluster.weight,
      unreachableMilliseconds: (id) => parts.raftLinks.unreachableMilliseconds(id),
      port,
      replica: parts.replica,
      store,
      operators: config.operators,
      enrolmentKey: new EnrolmentKeeper({
        ...{ dataDirectory: config.dataDirectory, clusterName: config.cluster.name },
        ...{ configured: options.secretKeys, view, store, sealing, log, onKept: options.onSecretKept },
        isOpen: () =>
          whyClosed({ replica: parts.replica, enrolment: settings.now.cluster.enrolment, clock }) === null,
      }),
      clock,
      certificates: options.certificates,
      rpc: parts.rpc,
      addresses: parts.addresses,
      removed: parts.removed,
      ownAuthority: () => parts.credentials.authority,
      // The first report is made before there is a keeper.
      knownApiKeys: () => (this.#apiKeys as ApiKeyKeeper | undefined)?.digest ?? '',
      log,
    };
    const lifetimeSeconds = (): number => settings.now.cluster.certificateHours * 3600;
    this.#instances = parts.gate.instances;
    this.#finder = new PeerFinder({
      ...{ credentials: parts.credentials, book: parts.addresses.book, log },
      instance: parts.gate.instances.own,
      ...{ candidates: options.candidates, onEager: options.onSearching },
    });
    this.#reporter = new Reporter(this.#context);
    this.#renewer = new Renewer({
      ...{ context: this.#context, credentials: parts.credentials, lifetimeSeconds },
      ...{ leader: () => this.leader(), onRenewed: () => options.onRenewed(parts.credentials) },
      toldBundleHash: () => this.#reporter.bundleHash,
      isExpired: () => this.#reporter.isExpired,
      save: (renewed) => saveRenewal(config.dataDirectory, renewed),
    });
    this.#duties = new LeaderDuties(this.#context, {
      ...{ authority: membership.authority, charter: membership.charter },
      authorityStored: () => forgetAuthorityKey(config.dataDirectory),
      ownReport: () => this.#reporter.report(),
      ownAddress: () => ownAddress.current(),
      warnings: () => this.#warnings(),
    });
    this.#apiKeys = new ApiKeyKeeper({
      ...{ self: identity.id, view, sealing, log, onKeys: options.onApiKeys },
      configuration: () => parts.replica.status().configuration,
      leader: () => this.leader(),
      request: parts.rpc.request.bind(parts.rpc),
    });
    this.requests = new MemberRequests({
      apiKeys: () => this.#apiKeys.answer(),
      ...{ context: this.#context, core: parts.core, reporter: this.#reporter, duties: this.#duties },
    });
    this.door = new MemberDoor({
      ...{ context: this.#context, gate: parts.gate, lifetimeSeconds, ownAddress },
      serve: this.requests.serve.bind(this.requests),
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

  /** Null where this node does not know them. */
  get apiKeys(): ApiKeys | null {
    return this.#apiKeys.latest;
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
    const log = logEndOf(replica);
    return planRecovery({
      ...{ clusterName, clusterId, self: identity, leader: leaderName, others: known, log },
      knowsApiKeys: this.apiKeys !== null || this.view.get(apiKeysKey) === null,
    });
  }

  /** What this node knows by itself, for when there is no leader to ask. */
  localStatus(): ClusterStatus {
    return this.#duties.status();
  }

  /** What shows to machines of a batch that this cluster is theirs. */
  charter(): Charter | null {
    return readCharter(this.view) ?? this.#options.membership.charter?.charter ?? null;
  }

  /** The pre-shared key of a token; null for one that this node does not know. */
  tokenKey(identity: string): Buffer | null {
    return findTokenKey(this.view, this.#context.sealing.key, identity);
  }

  /** What this member proves to machines that know the secret; null while it does not know it. */
  get enrolmentKeys(): SecretKeys | null {
    return this.#context.enrolmentKey.keys;
  }

  /** Whether it is known as a member, wherever it is. */
  isPeer(id: NodeId): boolean {
    return this.#context.addresses.book.has(id);
  }

  get isRemoved(): boolean {
    return this.#reporter.isRemoved;
  }

  /** Hands over what it can, then stops in good order. */
  async close(): Promise<void> {
    await handOver({ ...this.#context, reporter: this.#reporter, duties: this.#duties });
    this.#apiKeys.close();
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
