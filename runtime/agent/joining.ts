/**
 * `trivet join` on the agent's side: finds the cluster that a token is for, notes it as configuration, which also a power
 * cut does not take, has the agent begin anew with it, and follows it into the cluster. A machine that the cluster then
 * refuses waits again as before.
 */
import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { stringify } from 'yaml';
import * as z from 'zod';
import type { ClusterStatus, JoinAnswer } from '../admin/protocol.ts';
import { type AdminCall, AdminRefusal } from '../admin/server.ts';
import type { Finding } from '../cluster/find-cluster.ts';
import { loadIdentity } from '../cluster/identity.ts';
import { loadAuthorities, loadOwnCluster, type OwnCluster } from '../cluster/membership.ts';
import type { LoadedConfig } from '../config/load.ts';
import { joinFile } from '../config/member-file.ts';
import { addressSchema, mostAddresses, tokenSchema } from '../config/schema.ts';
import { makeDirectoryDurably, syncDirectory, writeFileDurably } from '../files/durable.ts';
import type { Log } from '../logging/log.ts';
import { defaultPeerPort, formatEndpoint, parseEndpoint } from '../peers/address-book.ts';
import type { Endpoint } from '../peers/dial.ts';
import { caHashOf, parseToken, type Token } from '../peers/token.ts';
import { splitBundle } from '../peers/trust.ts';
import type { NodeId } from '../raft/types.ts';
import type { Formation } from './admin-methods.ts';

export const joinParams = z.object({
  addresses: z.array(addressSchema).min(1).max(16),
  token: tokenSchema,
  timeoutSeconds: z.int().min(1).max(3_600),
});
type JoinParams = z.infer<typeof joinParams>;

export interface JoiningOptions {
  readonly log: Log;
  readonly loaded: () => LoadedConfig;
  readonly status: () => Promise<ClusterStatus>;
  readonly formation: () => Promise<Formation>;
  /** Begins anew with what the sources of configuration say after the change. */
  readonly restart: (change: () => void) => Promise<void>;
  /** Asks who is there. */
  readonly find: (places: readonly Endpoint[], token: Token, self: NodeId) => Promise<Finding>;
}

type Tell = (text: string) => void;
type Found = Extract<Finding, { kind: 'found' }>;

const againMilliseconds = 1_000;
const lookMilliseconds = 200;

export class Joining {
  readonly #options: JoiningOptions;
  #isBusy = false;

  constructor(options: JoiningOptions) {
    this.#options = options;
  }

  /** Answers `join`. Rejects with `AdminRefusal`, whose message says what to do. */
  async serve({ params, emit, signal }: AdminCall): Promise<JoinAnswer> {
    const checked = joinParams.safeParse(params);
    if (!checked.success) {
      const { path: [field, place] = [], message } = checked.error.issues[0] ?? {};
      const given = field === 'addresses' && place !== undefined ? ` (${Number(place) + 1}.)` : '';
      throw new AdminRefusal('invalid', `${String(field)}${given}: ${message}`);
    }
    if (this.#isBusy) throw new AdminRefusal('busy', 'This machine is joining a cluster already.');
    this.#isBusy = true;
    try {
      const tell = (text: string): void => emit({ text });
      return await this.#join(checked.data, tell, signal);
    } finally {
      this.#isBusy = false;
    }
  }

  async #join(params: JoinParams, tell: Tell, signal: AbortSignal): Promise<JoinAnswer> {
    const deadline = performance.now() + params.timeoutSeconds * 1000;
    const token = parseToken(params.token)!;
    const member = this.#judgeOwnState(await this.#options.status(), token);
    if (member !== null) return member;
    const found = await this.#find(params, token, deadline, tell, signal);
    const { clusterName, clusterId } = found.introduction;
    tell(`The cluster "${clusterName}" (${clusterId}) is at ${formatEndpoint(found.at)}: joining it.`);
    await this.#begin(found, params);
    return this.#follow(found, deadline, tell);
  }

  /** Not null for a member of the token's cluster. Throws `AdminRefusal` where there is nothing to join. */
  #judgeOwnState(status: ClusterStatus, token: Token): JoinAnswer | null {
    const { config, layers } = this.#options.loaded();
    const { clusterName, clusterId, self, reason } = status;
    switch (self.state) {
      case 'member': {
        const own = splitBundle(loadAuthorities(config.dataDirectory)).map(caHashOf);
        if (own.includes(token.caHash))
          return { clusterName, clusterId: clusterId ?? '', nodeId: self.id, already: true };
        throw memberElsewhere({ clusterName, clusterId: clusterId ?? '' }, self.id);
      }
      case 'removed':
      case 'copy':
        throw new AdminRefusal(
          self.state,
          `${reason ?? ''} It cannot join as it is: give it a factory reset (trivet reset) first.`.trim(),
        );
      case 'blank': {
        // What an earlier "trivet join" has noted may be replaced.
        if (layers.some(({ name, serves }) => name === 'join' && serves === 'now')) return null;
        const text = `This machine is told by its configuration to look for the cluster "${clusterName}" (trivet config --explain shows where), and goes on with that: ${reason ?? ''} To join it by a token, write cluster.token there in place of the secret.`;
        throw new AdminRefusal('configured', text);
      }
      case 'waiting':
        return null;
    }
  }

  /** Until somebody answers: the network may be slower than the person. */
  async #find(
    { addresses }: JoinParams,
    token: Token,
    deadline: number,
    tell: Tell,
    signal: AbortSignal,
  ): Promise<Found> {
    const { dataDirectory, node } = this.#options.loaded().config;
    const { id } = loadIdentity(dataDirectory, node.name);
    const places = addresses.flatMap((address) => parseEndpoint(address, defaultPeerPort) ?? []);
    for (let told = ''; ; ) {
      const finding = await this.#options.find(places, token, id);
      if (finding.kind === 'found') return finding;
      if (finding.kind === 'refused') throw new AdminRefusal('refused', `${finding.message} ${nothingDone}`);
      if (performance.now() + againMilliseconds > deadline || signal.aborted)
        throw new AdminRefusal('unreachable', `${finding.message} ${nobodyAnswers} ${nothingDone}`);
      if (finding.message !== told) tell(`${finding.message} It is tried again.`);
      told = finding.message;
      await pause(againMilliseconds);
    }
  }

  /** Notes where the machine belongs, and starts it as a node. */
  async #begin({ introduction }: Found, { addresses, token }: JoinParams): Promise<void> {
    const { clusterName, clusterId } = introduction;
    const { restart, loaded, log } = this.#options;
    const { home, config } = loaded();
    const known = [...new Set([...addresses, ...config.discovery.addresses])].slice(0, mostAddresses);
    const text = stringify({ cluster: { name: clusterName, token }, discovery: { addresses: known } });
    log.warn({ cluster: clusterName }, 'this machine was told to join a cluster, and begins to');
    await restart(() => {
      // An earlier join may have ended well until the node was stopped: its data belong to that cluster then.
      const own = loadOwnCluster(config.dataDirectory);
      if (own !== null && own.clusterId !== clusterId)
        throw memberElsewhere(own, loadIdentity(config.dataDirectory, config.node.name).id);
      makeDirectoryDurably(home);
      writeFileDurably(joinFile(home), `# Written by "trivet join".\n${text}`);
    });
    const layer = loaded().layers.find(({ name }) => name === 'join');
    if (layer?.serves === 'now') return;
    await this.#takeBack();
    throw new AdminRefusal(
      'configured',
      `The configuration of this machine contradicts it: ${layer?.problem ?? 'it cannot be read'} ${nothingDone}`,
    );
  }

  async #follow({ introduction }: Found, deadline: number, tell: Tell): Promise<JoinAnswer> {
    const { status, formation } = this.#options;
    const { clusterName, clusterId } = introduction;
    for (let told = ''; ; ) {
      const { isMember, isRefused, reason } = await formation();
      if (isMember) return { clusterName, clusterId, nodeId: (await status()).self.id, already: false };
      if (isRefused) {
        await this.#takeBack();
        throw new AdminRefusal('refused', `${reason} This machine waits as before.`);
      }
      if (reason !== told) tell(reason);
      told = reason;
      if (performance.now() > deadline) {
        const text = `This machine is not a member of "${clusterName}" yet: ${reason} It goes on by itself, also after a restart: trivet status shows how far it is, and another trivet join replaces this one.`;
        throw new AdminRefusal('timeout', text);
      }
      await pause(lookMilliseconds);
    }
  }

  async #takeBack(): Promise<void> {
    const { restart, loaded, log } = this.#options;
    const { home, config } = loaded();
    log.warn('the cluster does not take this machine: it waits as before');
    await restart(() => {
      if (loadOwnCluster(config.dataDirectory) !== null) return;
      rmSync(joinFile(home), { force: true });
      syncDirectory(home);
    });
  }
}

function memberElsewhere({ clusterName, clusterId }: OwnCluster, self: string): AdminRefusal {
  const text = `This machine is a member of the cluster "${clusterName}" (${clusterId}) already, and the token is of another one, or of before that cluster's CA was replaced. To move it: trivet remove-node ${self} on another member, then a factory reset of this machine (trivet reset), then trivet join.`;
  return new AdminRefusal('otherCluster', text);
}

const nobodyAnswers =
  'Is the address right, is the node on, and does the network let its peer port through (7443)?';
const nothingDone = 'Nothing was changed on this machine.';
