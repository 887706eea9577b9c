/**
 * A blank machine on its way into a cluster: greets every candidate, decides (`formation.ts`), and acts: promises,
 * joins, or starts the cluster. A member goes on greeting, seldom, to notice another cluster of the same name.
 */
import type { Log } from '../logging/log.ts';
import { formatEndpoint, plainAddress } from '../peers/address-book.ts';
import { DialError, type Endpoint } from '../peers/dial.ts';
import { RpcError } from '../peers/rpc.ts';
import type { SecretKeys } from '../peers/secret.ts';
import { caHashOf } from '../peers/token.ts';
import { splitBundle } from '../peers/trust.ts';
import type { NodeId } from '../raft/types.ts';
import type { CertificateThread } from './certificate-thread.ts';
import type { Candidate, Candidates } from './discovery/candidates.ts';
import { chooseGreetings } from './discovery/choose-greetings.ts';
import type { Hint } from './discovery/hints.ts';
import { type EnrolAnswer, EnrolmentLinks, type Hello, helloSchema, promiseSchema } from './enrolment.ts';
import { decideFormation, decidePromise } from './formation.ts';
import { enrolledMembership, foundCluster } from './founding.ts';
import type { Identity } from './identity.ts';
import { readMachineSerial } from './machine-serial.ts';
import type { Membership } from './membership.ts';
import { PeerTable } from './peer-table.ts';
import { Strangers } from './strangers.ts';
import type { VoucherGuard } from './voucher-guard.ts';
import type { Charter } from './voucher-proof.ts';

export interface FormingOptions {
  readonly clusterName: string;
  readonly expect: number;
  /** Why this machine may not start a cluster, as full sentences; null when it may. */
  readonly objection: string | null;
  /** Null where a token is what is proved: it names the cluster. */
  readonly guard: VoucherGuard | null;
  readonly identity: Identity;
  readonly version: string;
  readonly port: () => number;
  /** What this node proves; null on a member that does not know it at the moment. Another object is another key. */
  readonly keys: () => SecretKeys | null;
  /** The CA that a token names; null where the secret is what is proved. */
  readonly pinnedCa: string | null;
  readonly certificates: CertificateThread;
  readonly log: Log;
  /** Where others may be, as discovery says. */
  readonly candidates: Candidates;
  /** The node has become a member; `members` are addresses to begin with. */
  readonly onMember: (membership: Membership, members: EnrolAnswer['members']) => Promise<void>;
  /** Clusters whose place this node's cluster has taken. */
  readonly predecessors: () => readonly string[];
  /** Of this node's cluster; null on a blank one. */
  readonly charter: () => Charter | null;
  /** A machine that knows the secret says that its cluster has taken the place of this node's. */
  readonly onSuperseded: (successor: string, charter: Charter | null) => void;
}

const greetMilliseconds = 1_000;
const calmGreetMilliseconds = 10_000;
/** After something new was heard: a moment for more of it. */
const newsMilliseconds = 50;
const patienceMilliseconds = 500;
const listenMilliseconds = 3_000;
/** A promise holds this long after the last word of the one it was given to. */
const promiseMilliseconds = 15_000;
const complainMilliseconds = 60_000;
/** Answers to enrolment that do not come from one member's own state. */
const decided = new Set(['pending', 'removed', 'token', 'voucher']);

export class Forming {
  readonly #options: FormingOptions;
  #links: { readonly keys: SecretKeys; readonly links: EnrolmentLinks } | null = null;
  readonly #peers = new PeerTable();
  readonly #greeting = new Set<string>();
  readonly #triedAt = new Map<string, number>();
  readonly #complaints = new Map<string, number>();
  readonly #strangers = new Strangers();
  readonly #otherClusters = new Map<string, { readonly name: string; readonly at: number }>();
  readonly #startedAt = performance.now();
  #clusterId: string | null;
  #promise: { readonly to: NodeId; readonly at: number } | null = null;
  #reason = 'Looking for other nodes.';
  #timer: NodeJS.Timeout | undefined;
  #inRound = false;
  /** The cluster has said no; it is asked again all the same. */
  #refused = false;
  #news = false;
  #closed = false;

  constructor(options: FormingOptions, clusterId: string | null) {
    this.#options = options;
    this.#clusterId = clusterId;
    void this.#round();
  }

  /** Why this node is not a member yet, and what to do. */
  get reason(): string {
    return this.#reason;
  }

  /** A cluster has decided that it does not take this machine as it comes; it is asked again all the same. */
  get isRefused(): boolean {
    return this.#refused && this.#clusterId === null;
  }

  /** Sentences about other clusters of this name that were heard of lately. */
  warnings(): string[] {
    const now = performance.now();
    return [...this.#otherClusters]
      .filter(([, { at }]) => now - at < 3 * calmGreetMilliseconds)
      .map(
        ([id, { name }]) =>
          `Another cluster of the same name and secret is here (${id}, seen at ${name}): they are not merged. Rename one (cluster.name), or wipe its nodes to let them join this one.`,
      );
  }

  /** Discovery found a machine, or a person named one. */
  addCandidate(hint: Hint): void {
    if (this.#options.candidates.offer(hint, performance.now()) && this.#clusterId === null) this.#wake();
  }

  /** Answers a machine that has proved the secret; enrolment itself is the members' (null here). */
  serve(method: string, params: Record<string, unknown>, remoteAddress: string): unknown {
    if (method === 'hello') return this.#answerHello(helloSchema.parse(params), plainAddress(remoteAddress));
    if (method === 'promise') return this.#answerPromise(promiseSchema.parse(params).candidate);
    return null;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#links?.links.close();
  }

  /** One round at a time; news that comes during one starts the next at once. */
  async #round(): Promise<void> {
    if (this.#closed || this.#inRound) return;
    this.#inRound = true;
    this.#news = false;
    clearTimeout(this.#timer);
    const own = this.#hello();
    const greetings = this.#chooseGreetings().map(({ key, endpoint }) => this.#greet(key, endpoint, own));
    // A machine that is off would hold everybody up: its answer may come later.
    await Promise.race([
      Promise.all(greetings),
      new Promise((resolve) => setTimeout(resolve, patienceMilliseconds)),
    ]);
    if (this.#clusterId === null && !this.#closed) {
      await this.#advance().catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        const isDecided = error instanceof RpcError && decided.has(error.code);
        this.#refused = isDecided;
        this.#setReason(isDecided ? message : `Joining failed and is tried again: ${message}`);
      });
    }
    this.#inRound = false;
    if (this.#closed) return;
    const calm = this.#clusterId === null ? greetMilliseconds : calmGreetMilliseconds;
    this.#timer = setTimeout(() => void this.#round(), this.#news ? newsMilliseconds : calm);
  }

  /** Throws where there is nothing to prove. */
  #linksNow(): EnrolmentLinks {
    const keys = this.#options.keys();
    if (keys === null) throw new Error('This node does not know the enrolment secret at the moment.');
    if (this.#links?.keys === keys) return this.#links.links;
    this.#links?.links.close();
    const links = new EnrolmentLinks(keys);
    this.#links = { keys, links };
    return links;
  }

  #wake(): void {
    this.#news = true;
    if (this.#inRound) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#round(), newsMilliseconds);
  }

  #hello(): Hello {
    const { identity, port } = this.#options;
    const blanks = this.#peers.fresh(performance.now()).filter((peer) => peer.clusterId === null);
    return {
      id: identity.id,
      name: identity.name,
      port: port(),
      clusterId: this.#clusterId,
      blanks: blanks.map((peer) => peer.id),
      predecessors: [...this.#options.predecessors()],
      proof: this.#clusterId === null ? (this.#options.guard?.proof ?? null) : null,
      charter: this.#options.charter(),
    };
  }

  #chooseGreetings(): readonly Candidate[] {
    const now = performance.now();
    const candidates = this.#options.candidates.current(now);
    const known = new Set(candidates.map(({ key }) => key));
    for (const key of this.#triedAt.keys()) if (!known.has(key)) this.#triedAt.delete(key);
    const fresh = new Map(this.#peers.fresh(now).map(({ id, endpoint }) => [id, formatEndpoint(endpoint)]));
    const chosen = chooseGreetings({
      candidates,
      answeredAt: (id) => fresh.get(id) ?? null,
      triedAt: this.#triedAt,
    });
    for (const { key } of chosen) this.#triedAt.set(key, now);
    return chosen;
  }

  async #greet(key: string, endpoint: Endpoint, own: Hello): Promise<void> {
    if (this.#greeting.has(key)) return;
    this.#greeting.add(key);
    try {
      this.#hear(await this.#linksNow().hello(endpoint, own), endpoint);
    } catch (error) {
      this.#complain(key, error);
    }
    this.#greeting.delete(key);
  }

  #hear(hello: Hello, endpoint: Endpoint): void {
    if (hello.id === this.#options.identity.id) return;
    const now = performance.now();
    const objection = this.#options.guard?.objectTo(hello) ?? null;
    this.#strangers.hear(hello, formatEndpoint(endpoint), objection, now);
    if (objection !== null) this.#peers.forget(hello.id);
    else if (this.#peers.hear({ ...hello, endpoint }, now) && this.#clusterId === null) this.#wake();
    const isOther =
      hello.clusterId !== null && this.#clusterId !== null && hello.clusterId !== this.#clusterId;
    if (!isOther || hello.clusterId === null) return;
    if (objection === null && this.#clusterId !== null && hello.predecessors.includes(this.#clusterId))
      this.#options.onSuperseded(hello.clusterId, hello.charter);
    if (!this.#otherClusters.has(hello.clusterId)) {
      this.#options.log.warn(
        { cluster: hello.clusterId, at: formatEndpoint(endpoint) },
        'another cluster of this name is here; they are not merged',
      );
    }
    this.#otherClusters.set(hello.clusterId, { name: `${hello.name} ${formatEndpoint(endpoint)}`, at: now });
  }

  /** A wrong secret is what a person must hear of; that a machine is off is not. Once a minute for each. */
  #complain(key: string, error: unknown): void {
    if (!(error instanceof DialError) || error.code !== 'wrongSecret') return;
    const now = performance.now();
    if (now - (this.#complaints.get(key) ?? Number.NEGATIVE_INFINITY) < complainMilliseconds) return;
    for (const [old, at] of this.#complaints)
      if (now - at >= complainMilliseconds) this.#complaints.delete(old);
    this.#complaints.set(key, now);
    this.#options.log.error(
      { peer: key },
      'refused: this peer has another enrolment secret; give both the same cluster.secret, or different cluster names',
    );
  }

  #answerHello(hello: Hello, address: string): Hello {
    const endpoint = { host: address, port: hello.port };
    this.addCandidate({ endpoint, id: hello.id, origin: 'proved' });
    this.#hear(hello, endpoint);
    if (this.#promise?.to === hello.id) this.#promise = { to: hello.id, at: performance.now() };
    return this.#hello();
  }

  #answerPromise(candidate: NodeId): { granted: boolean; reason?: string } {
    if (this.#clusterId !== null)
      return { granted: false, reason: 'this node is a member of a cluster already' };
    const now = performance.now();
    const standing = this.#promise && this.#promiseStands(now) ? this.#promise.to : null;
    const { identity, guard } = this.#options;
    const peers = this.#peers.fresh(now);
    const answer = decidePromise(identity.id, candidate, standing, peers, guard?.demands ?? false);
    if (answer.granted) this.#promise = { to: candidate, at: now };
    return answer;
  }

  async #advance(): Promise<void> {
    const now = performance.now();
    const peers = this.#peers.fresh(now);
    const decision = decideFormation({
      self: this.#options.identity.id,
      expect: this.#options.expect,
      objection: this.#options.guard?.objection ?? this.#options.objection,
      listenedEnough: now - this.#startedAt >= listenMilliseconds,
      peers,
    });
    switch (decision.kind) {
      case 'wait':
        this.#setReason([decision.reason, ...this.#strangers.sentences(now)].join(' '));
        break;
      case 'join':
        await this.#join(decision.members);
        break;
      case 'found':
        if (this.#promiseStands(now))
          this.#setReason('Waiting for the node that this one gave its promise to.');
        else await this.#found(decision.others);
        break;
    }
  }

  #promiseStands(now: number): boolean {
    return this.#promise !== null && now - this.#promise.at < promiseMilliseconds;
  }

  #setReason(reason: string): void {
    if (reason !== this.#reason) this.#options.log.info(reason);
    this.#reason = reason;
  }

  #endpointOf(id: NodeId): Endpoint | null {
    return this.#peers.fresh(performance.now()).find((peer) => peer.id === id)?.endpoint ?? null;
  }

  async #join(members: readonly NodeId[]): Promise<void> {
    const { identity, version, port, onMember, pinnedCa, guard } = this.#options;
    let failure: unknown = new Error('no member is reachable');
    for (const member of members) {
      const endpoint = this.#endpointOf(member);
      if (endpoint === null) continue;
      if (!this.#refused) this.#setReason(`Joining through ${formatEndpoint(endpoint)}.`);
      try {
        // The member knows the host of our address better than we do: it sees where we come from.
        const address = `:${port()}`;
        const answer = await this.#linksNow().enrol(endpoint, {
          name: identity.name,
          publicKey: identity.publicKey,
          address,
          version,
          serial: readMachineSerial(),
          proof: guard?.proof ?? null,
        });
        const authorities = splitBundle(answer.caCertificate).map(caHashOf);
        if (pinnedCa !== null && !authorities.includes(pinnedCa))
          throw new RpcError('token', 'The cluster that answers is not the one that this token was made by.');
        const objection = guard?.objectToAnswer(answer) ?? null;
        if (objection !== null)
          throw new Error(`the cluster at ${formatEndpoint(endpoint)} is not joined: it ${objection}.`);
        this.#clusterId = answer.clusterId;
        await onMember(enrolledMembership(identity, answer), [
          ...answer.members,
          { id: member, address: formatEndpoint(endpoint) },
        ]);
        return;
      } catch (error) {
        // The word of the cluster, which any other member would say too.
        if (error instanceof RpcError && decided.has(error.code)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  /** Starts the cluster when enough others have promised not to start another. */
  async #found(others: readonly NodeId[]): Promise<void> {
    const { identity, clusterName, expect, certificates, onMember, log, guard } = this.#options;
    const answers = await Promise.all(others.map((id) => this.#askPromise(id)));
    const granted = answers.filter((answer) => answer).length;
    if (granted < expect - 1) {
      this.#setReason(
        `Waiting for the promise of ${expect - 1 - granted} more node(s) to start the cluster.`,
      );
      return;
    }
    const membership = await foundCluster(clusterName, identity, guard?.voucher ?? null, certificates);
    const { clusterId } = membership.credentials;
    log.info({ cluster: clusterName, clusterId }, 'starting the cluster');
    await onMember(membership, []);
    this.#clusterId = clusterId;
    // The others wait for this: they hear of it from the next greeting.
    this.#wake();
  }

  async #askPromise(id: NodeId): Promise<boolean> {
    const endpoint = this.#endpointOf(id);
    if (endpoint === null) return false;
    try {
      return (await this.#linksNow().promise(endpoint, this.#options.identity.id)).granted;
    } catch {
      return false;
    }
  }
}
