/**
 * The core thread: identity, peer port, discovery and formation on every node; on a member also everything of
 * `member-node.ts`. A blank node becomes a member in place, without a restart.
 */
import type { TLSSocket } from 'node:tls';
import type { MessagePort } from 'node:worker_threads';
import type { ClusterStatus, OperatorHello } from '../admin/protocol.ts';
import { AdminRefusal } from '../admin/server.ts';
import { certificateThread } from '../cluster/certificate-thread.ts';
import { type DataDirectoryLock, lockDataDirectory } from '../cluster/data-directory-lock.ts';
import { Candidates } from '../cluster/discovery/candidates.ts';
import { startDiscovery } from '../cluster/discovery/discovery.ts';
import type { HintSource } from '../cluster/discovery/hints.ts';
import type { EnrolAnswer } from '../cluster/enrolment.ts';
import { loadEnrolmentKey } from '../cluster/enrolment-key.ts';
import { Forming } from '../cluster/forming.ts';
import { type Identity, loadIdentity } from '../cluster/identity.ts';
import { readMachineSerial } from '../cluster/machine-serial.ts';
import { loadMembership, type Membership, saveMembership } from '../cluster/membership.ts';
import type { RemoveParams } from '../cluster/removal.ts';
import { readPredecessors } from '../cluster/roster.ts';
import { composeBlankStatus } from '../cluster/status.ts';
import { isOfMember } from '../cluster/voucher-admission.ts';
import { VoucherGuard } from '../cluster/voucher-guard.ts';
import type { Charter } from '../cluster/voucher-proof.ts';
import type { ConfigInForce } from '../config/cluster-settings.ts';
import type { Config } from '../config/schema.ts';
import { serveCore } from '../datastore/core-port.ts';
import { DamagedError } from '../datastore/recovery.ts';
import { type Store, StoreError } from '../datastore/store.ts';
import type { StoreCore } from '../datastore/store-core.ts';
import { makeDirectoryDurably } from '../files/durable.ts';
import { createLog, type Log } from '../logging/log.ts';
import { addressForOthers, plainAddress } from '../peers/address-book.ts';
import { strangerFrameLimitBytes } from '../peers/frames.ts';
import { openPeerPort, type PeerPort, type PeerPortHandlers } from '../peers/listener.ts';
import { RpcError, serveRpc } from '../peers/rpc.ts';
import { deriveSecretKeys, type SecretKeys } from '../peers/secret.ts';
import { parseToken, tokenIdOf, tokenKeys } from '../peers/token.ts';
import { type Credentials, fingerprintOf } from '../peers/trust.ts';
import { version } from '../version.ts';
import { type AdminTarget, answerAdmin, type Formation } from './admin-methods.ts';
import type { FromCore, ToCore } from './core-protocol.ts';
import { followSuccessor, mayFound, startAgainBlank } from './damaged-data.ts';
import { openExternalStore } from './data-store.ts';
import { MainAsker } from './main-asker.ts';
import { MemberNode } from './member-node.ts';
import type { ClusterRequest } from './member-requests.ts';
import { type OperatorDesk, serveOperator } from './operator-desk.ts';
import { RefusalLog } from './refusal-log.ts';
import { completeRenewal } from './renewal.ts';
import { startWorker } from './start-worker.ts';
import { Upkeep } from './upkeep.ts';

const statusTextMilliseconds = 2_000;
/** Time for an answer to leave before the agent stops. */
const restartMilliseconds = 300;
/** Without a leader for this long, the cluster is lost to this node. */
const withoutLeaderMilliseconds = 8_000;

/** Runs the core until it is told to stop. Called once, in the core thread. */
export function runCore(port: MessagePort, config: ConfigInForce, storePort: MessagePort): void {
  const send = (message: FromCore): void => port.postMessage(message);
  const main = new MainAsker(send);
  const log = createLog((line) => send({ type: 'log', line }));
  const fail = (error: unknown): void => {
    send({ type: 'fatal', message: error instanceof Error ? error.message : String(error) });
  };
  const started = Core.start(config, log, { send, main }, fail);
  started.catch(fail);
  void started.then(
    (core) => serveCore(storePort, () => core.storeCore()),
    () => {},
  );
  const streams = new Map<number, AbortController>();
  port.on('message', (message: ToCore) => {
    switch (message.type) {
      case 'request':
        void started.then(
          (core) => answer(core, message, streams, send),
          () => {},
        );
        break;
      case 'status':
        main.answered(message);
        break;
      case 'cancel':
        streams.get(message.id)?.abort();
        break;
      case 'stop':
        void started
          .then((core) => core.stop())
          .then(
            () => send({ type: 'stopped' }),
            () => send({ type: 'stopped' }),
          );
        break;
    }
  });
}

async function answer(
  core: Core,
  { id, method, params }: Extract<ToCore, { type: 'request' }>,
  streams: Map<number, AbortController>,
  send: (message: FromCore) => void,
): Promise<void> {
  const cancel = new AbortController();
  streams.set(id, cancel);
  try {
    const emit = (event: unknown): void => send({ type: 'event', id, event });
    send({ type: 'result', id, result: await answerAdmin(core, method, params, emit, cancel.signal) });
  } catch (error) {
    const code =
      error instanceof AdminRefusal ? error.code : ((error as { code?: string }).code ?? 'internal');
    send({ type: 'error', id, code, message: error instanceof Error ? error.message : String(error) });
  }
  streams.delete(id);
}

/** What must be open before there is a core. */
interface Opened {
  readonly lock: DataDirectoryLock;
  readonly main: MainAsker;
  readonly externalStore: Store | null;
  readonly send: (message: FromCore) => void;
}

class Core implements AdminTarget {
  readonly identity: Identity;
  readonly #config: ConfigInForce;
  readonly #log: Log;
  /** Of this machine's own secret or token, or as it remembers it; null on a member that does not. */
  readonly #keys: SecretKeys | null;
  readonly #lock: DataDirectoryLock;
  readonly #refusals: RefusalLog;
  readonly #main: MainAsker;
  readonly #externalStore: Store | null;
  readonly #send: (message: FromCore) => void;
  readonly #fail: (error: unknown) => void;
  /** null where a token is what is proved. */
  readonly #guard: VoucherGuard | null;
  readonly #certificates = certificateThread(() => startWorker({ role: 'certificates' }));
  readonly #candidates = new Candidates((id) => this.#member?.isPeer(id) ?? false);
  #peerPort!: PeerPort;
  #forming!: Forming;
  #discovery: HintSource | null = null;
  #member: MemberNode | null = null;
  /** The cluster's CAs, once this node is a member. */
  #authorities = '';
  #statusTimer: NodeJS.Timeout | undefined;
  #lastStatusText = '';
  /** The cluster keeps the key of the enrolment secret. */
  #isSecretKept = false;
  #toldEnrolled = false;
  #lastLed = performance.now();
  readonly upkeep: Upkeep;

  /** Starts a node. Rejects with an error whose message is for a person. */
  static async start(
    config: ConfigInForce,
    log: Log,
    { send, main }: { readonly send: (message: FromCore) => void; readonly main: MainAsker },
    fail: (error: unknown) => void,
  ): Promise<Core> {
    makeDirectoryDurably(config.dataDirectory);
    const lock = lockDataDirectory(config.dataDirectory);
    try {
      const core = new Core(
        config,
        log,
        {
          ...{ lock, main, send, externalStore: await openExternalStore(config) },
        },
        fail,
      );
      await core.#open();
      core.#serve();
      return core;
    } catch (error) {
      throw error instanceof DamagedError ? startAgainBlank(config.dataDirectory, error) : error;
    }
  }

  #serve(): void {
    this.#statusTimer = setInterval(() => this.#tellStatus(), statusTextMilliseconds);
    this.#send({ type: 'ready' });
  }

  private constructor(config: ConfigInForce, log: Log, opened: Opened, fail: (error: unknown) => void) {
    this.#config = config;
    this.#log = log;
    this.#fail = fail;
    this.identity = loadIdentity(config.dataDirectory, config.node.name);
    this.#lock = opened.lock;
    this.#main = opened.main;
    this.#keys = enrolmentKeys(config.cluster) ?? loadEnrolmentKey(config.dataDirectory, config.cluster.name);
    this.#guard = openGuard(config.cluster, this.identity);
    this.#refusals = new RefusalLog(log);
    this.#externalStore = opened.externalStore;
    this.#send = opened.send;
    this.upkeep = new Upkeep({
      ...{ clusterName: config.cluster.name, dataDirectory: config.dataDirectory, self: this.identity },
      member: () => this.#member,
      secretKeys: (clusterName) => {
        const { secret } = config.cluster;
        if (secret !== undefined) return deriveSecretKeys(clusterName, secret);
        return clusterName === config.cluster.name ? this.#keys : null;
      },
      closeMember: async () => {
        const member = this.#member;
        this.#member = null;
        await member?.close();
      },
      restart: (message) => setTimeout(() => fail(new Error(message)), restartMilliseconds),
    });
  }

  store(): Store | null {
    return this.#externalStore ?? this.#member?.store ?? null;
  }

  /** Throws `StoreError` on a node that is no member yet. */
  storeCore(): StoreCore {
    if (this.#member !== null) return this.#member.storeCore;
    const text = `This node is not a member of a cluster yet, so it has no datastore. ${this.reason()}`;
    throw new StoreError('unavailable', text);
  }

  /** Why this node is not a member yet; what discovery cannot look up may be the cause. */
  reason(): string {
    return [this.#forming.reason, ...(this.#discovery?.problems() ?? [])].join(' ');
  }

  formation(): Formation {
    const isMember = this.#member !== null;
    return { isMember, reason: isMember ? '' : this.reason(), isRefused: this.#forming.isRefused };
  }

  async removeNode(params: RemoveParams): Promise<unknown> {
    return this.#requireMember().requests.remove(params);
  }

  async askCluster(method: ClusterRequest, params: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.#requireMember().requests.ask(method, params);
  }

  #requireMember(): MemberNode {
    if (this.#member !== null) return this.#member;
    const text = `This node is not a member of a cluster yet, so it knows of no nodes. ${this.reason()}`;
    throw new AdminRefusal('notMember', text);
  }

  async status(): Promise<ClusterStatus> {
    const status = this.#member
      ? await this.#member.requests.status()
      : composeBlankStatus(this.#config.cluster.name, this.identity, this.reason(), this.#warnings());
    return { ...status, self: { ...status.self, fingerprint: fingerprintOf(this.identity.publicKey) } };
  }

  async stop(): Promise<void> {
    clearInterval(this.#statusTimer);
    this.#discovery?.close();
    this.#forming.close();
    await this.#externalStore?.close();
    await this.#member?.close();
    await this.#certificates.close();
    this.#peerPort.close();
    this.#lock.release();
  }

  async #open(): Promise<void> {
    const { config, log, identity } = { config: this.#config, log: this.#log, identity: this.identity };
    const begun = await completeRenewal(
      config.dataDirectory,
      config.cluster.name,
      identity,
      this.#guard?.voucher ?? null,
      this.#certificates,
    );
    if (begun !== null)
      log.info({ clusterId: begun.credentials.clusterId }, 'a new cluster begins with older data');
    const membership = begun ?? loadMembership(config.dataDirectory, identity, config.cluster.name);
    if (membership === null && this.#keys === null)
      throw new Error(
        `This machine has forgotten the secret of another cluster: give it that of "${config.cluster.name}" (cluster.secret), or a token (cluster.token).`,
      );
    this.#peerPort = await openPeerPort(config.peers, (name) => this.#findKey(name), {
      onRaft: (socket, peer) =>
        this.#member ? this.#member.door.acceptRaft(socket, peer) : socket.destroy(),
      onRpc: (socket, peer) => (this.#member ? this.#member.door.acceptRpc(socket, peer) : socket.destroy()),
      onEnrolment: (socket, name) => {
        const from = { remoteAddress: socket.remoteAddress ?? '', tokenId: tokenIdOf(name) };
        serveRpc(socket, strangerFrameLimitBytes, (method, params) =>
          this.#serveEnrolment(method, params, from),
        );
      },
      ...this.#operators(),
      onRefused: (address, kind, reason) => this.#refusals.refused(plainAddress(address), kind, reason),
    });
    log.info(
      { id: identity.id, name: identity.name, version, port: this.#peerPort.port },
      'node agent started',
    );
    if (membership) await this.#becomeMember(membership, []);
    else
      this.#showIdentity().catch((error: unknown) =>
        log.warn(`operators cannot ask this machine before it is a member: ${String(error)}`),
      );
    this.#forming = this.#startForming(membership?.credentials.clusterId ?? null);
    this.#startDiscovery();
  }

  /** Nobody can ask from afar where the configuration names no operators. */
  #operators(): Pick<PeerPortHandlers, 'operators'> {
    const keys = new Set(this.#config.operators.map(({ key }) => key));
    if (keys.size === 0) return {};
    const desk: OperatorDesk = {
      hello: (isAlone) => this.#hello(isAlone),
      status: () => this.#main.status(),
      certificate: async (publicKey) => this.#requireMember().requests.operatorCertificate(publicKey),
    };
    const onOperator = (socket: TLSSocket, publicKey: string): void => serveOperator(socket, publicKey, desk);
    return { operators: { isKnown: (publicKey) => keys.has(publicKey), onOperator } };
  }

  async #hello(isAlone: boolean): Promise<OperatorHello> {
    const own = { clusterName: this.#config.cluster.name, name: this.identity.name };
    if (isAlone) return { ...own, clusterId: null, ca: '', history: '' };
    return {
      ...{ ...own, clusterId: this.#member?.clusterId ?? null, ca: this.#authorities },
      history: (await this.#member?.requests.authorityHistory().catch(() => '')) ?? '',
    };
  }

  /** A machine that waits for its cluster has something to prove its key to operators with. */
  async #showIdentity(): Promise<void> {
    if (this.#config.operators.length === 0 || this.#member !== null) return;
    const { id, privateKey } = this.identity;
    const certificate = await this.#certificates.run('createSelfSigned', privateKey, id);
    this.#peerPort.showIdentity({ privateKey, certificate });
  }

  /** What a machine proves that wants to enrol: the secret, or on a member a token. */
  #findKey(name: string): Buffer | null {
    const keys = this.#provedKeys();
    if (name === keys?.identity) return keys.preSharedKey;
    return this.#member?.tokenKey(name) ?? null;
  }

  /** What this node proves: a member what all prove to each other, a blank machine what it was given. */
  #provedKeys(): SecretKeys | null {
    return this.#member?.enrolmentKeys ?? this.#keys;
  }

  #startForming(clusterId: string | null): Forming {
    const token = parseToken(this.#config.cluster.token ?? '');
    const options = {
      clusterName: this.#config.cluster.name,
      expect: this.#config.cluster.expect,
      objection: objectToFounding(token !== null, this.#config.dataDirectory),
      guard: this.#guard,
      pinnedCa: token?.caHash ?? null,
      identity: this.identity,
      version,
      port: () => this.#peerPort.port,
      keys: () => this.#provedKeys(),
      log: this.#log,
      certificates: this.#certificates,
      candidates: this.#candidates,
      onMember: async (membership: Membership, members: EnrolAnswer['members']): Promise<void> => {
        saveMembership(this.#config.dataDirectory, this.#config.cluster.name, membership);
        await this.#becomeMember(membership, members).catch((error: unknown) => this.#fail(error));
      },
      charter: () => this.#member?.charter() ?? null,
      predecessors: () => (this.#member === null ? [] : readPredecessors(this.#member.view)),
      onSuperseded: (successor: string, charter: Charter | null): void =>
        this.#superseded(successor, charter),
    };
    return new Forming(options, clusterId);
  }

  /** Only a node that has lost its cluster follows: while there is a leader, two clusters live, and a person decides. */
  #superseded(successor: string, charter: Charter | null): void {
    const member = this.#member;
    if (
      member === null ||
      member.leader() !== null ||
      performance.now() - this.#lastLed < withoutLeaderMilliseconds
    )
      return;
    if (this.#guard?.mayFollow(successor, charter, (id) => isOfMember(member.view, id)) === false) return;
    this.#member = null;
    const { clusterId } = member;
    void member
      .close()
      .then(() => this.#fail(followSuccessor(this.#config.dataDirectory, clusterId, successor)));
  }

  async #becomeMember(membership: Membership, members: EnrolAnswer['members']): Promise<void> {
    this.#member = await MemberNode.open({
      config: this.#config,
      identity: this.identity,
      membership,
      members,
      port: this.#peerPort.port,
      log: this.#log,
      certificates: this.#certificates,
      secretKeys: this.#config.cluster.secret === undefined ? null : this.#keys,
      onSecretKept: () => {
        this.#isSecretKept = true;
      },
      candidates: this.#candidates,
      onSearching: (searching) => this.#discovery?.setEager(searching),
      warnings: () => this.#warnings(),
      onRenewed: (credentials) => this.#setCredentials(credentials),
      onApiKeys: (keys) => this.#send({ type: 'apiKeys', keys }),
      onFatal: (message) => this.#fail(new Error(message)),
    });
    this.#setCredentials(membership.credentials);
    this.#log.info(
      { cluster: this.#config.cluster.name, clusterId: membership.credentials.clusterId },
      'this node is a member',
    );
  }

  #setCredentials(credentials: Credentials): void {
    const { clusterId, nodeId, privateKey, certificate, caCertificate } = credentials;
    // What is replaced in place cannot go to another thread as it is.
    const plain = { clusterId, nodeId, privateKey, certificate, caCertificate };
    this.#send({ type: 'credentials', credentials: plain });
    this.#authorities = caCertificate;
    this.#peerPort.setCredentials(credentials);
  }

  #startDiscovery(): void {
    const own = { id: this.identity.id, clusterName: this.#config.cluster.name, port: this.#peerPort.port };
    this.#discovery = startDiscovery(this.#config, own, this.#log, (hint) =>
      this.#forming.addCandidate(hint),
    );
  }

  async #serveEnrolment(
    method: string,
    params: Record<string, unknown>,
    { remoteAddress, tokenId }: { readonly remoteAddress: string; readonly tokenId: string | null },
  ): Promise<unknown> {
    // Whoever asks it would take it for a member.
    if (this.#member?.isRemoved) throw new RpcError('notReady', 'This node was removed from its cluster.');
    if (method === 'enrol') {
      if (!this.#member) throw new RpcError('notMember', 'This node is not a member yet.');
      return this.#member.requests.enrol(params, addressForOthers(remoteAddress), tokenId);
    }
    if (method === 'introduction' && this.#member)
      return { ...this.#member.requests.introduce(params, tokenId), caCertificate: this.#authorities };
    const result = this.#forming.serve(method, params, remoteAddress);
    if (result === null) throw new RpcError('unknownMethod', `This version knows no "${method}".`);
    return result;
  }

  #warnings(): readonly string[] {
    // A member that has its cluster has no need of names; one that has lost it may be waiting for them.
    const lost = this.#member !== null && this.#member.leader() === null;
    const problems = lost ? (this.#discovery?.problems() ?? []) : [];
    return [...this.#forming.warnings(), ...this.#refusals.warnings(), ...problems];
  }

  /** Only news: telling systemd starts a process. */
  #tellStatus(): void {
    if (this.#member !== null && this.#member.leader() !== null) this.#lastLed = performance.now();
    this.#tellEnrolled();
    const text = this.#statusText();
    if (text !== this.#lastStatusText) this.#send({ type: 'statusText', text });
    this.#lastStatusText = text;
  }

  /** A token is used up with the enrolment; the secret is needed until the cluster keeps its key. */
  #tellEnrolled(): void {
    const isDone = this.#member !== null && (this.#isSecretKept || this.#config.cluster.token !== undefined);
    if (isDone && !this.#toldEnrolled) this.#send({ type: 'enrolled' });
    this.#toldEnrolled ||= isDone;
  }

  #statusText(): string {
    if (!this.#member) return this.reason();
    const status = this.#member.localStatus();
    const online = status.nodes.filter((node) => node.online).length;
    const role = status.leader === this.identity.id ? 'leader' : 'member';
    return `${role} of ${status.clusterName}, ${online} of ${status.nodes.length} nodes heard of`;
  }
}

/** Of a machine's configuration: a secret, a token, or on a member neither. */
function enrolmentKeys({ name, secret, token }: Config['cluster']): SecretKeys | null {
  const parsed = parseToken(token ?? '');
  if (parsed !== null) return tokenKeys(parsed);
  return secret === undefined ? null : deriveSecretKeys(name, secret);
}

function openGuard(cluster: Config['cluster'], identity: Identity): VoucherGuard | null {
  const { name: clusterName, token, voucher, enrolment } = cluster;
  if (token !== undefined) return null;
  const serial = readMachineSerial();
  return new VoucherGuard({ clusterName, identity, voucher, keys: enrolment.vouchers ?? [], serial });
}

/** Why this machine may only join; null when it may start a cluster. */
function objectToFounding(hasToken: boolean, dataDirectory: string): string | null {
  if (hasToken) return 'This machine has a token, and waits for a member of the cluster that it is for.';
  if (mayFound(dataDirectory)) return null;
  return 'This node lost its data and waits for a member of its cluster, to join it as a new node.';
}
