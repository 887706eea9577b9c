/**
 * What is asked of a member: by other members over the peer port, and by a person or a machine that wants to join, which any
 * member takes to the leader.
 */

import type * as z from 'zod';
import type { ClusterStatus } from '../admin/protocol.ts';
import { apiKeysParams } from '../cluster/api-key-rotation.ts';
import type { ApiKeys } from '../cluster/api-keys.ts';
import { authorityParams } from '../cluster/authority-rotation.ts';
import { certificateParams, certifyRequest } from '../cluster/certificate-requests.ts';
import { admit } from '../cluster/enrolling.ts';
import { type Introduction, introductionParams, relaySchema } from '../cluster/enrolment.ts';
import { deskParams, serveDesk } from '../cluster/enrolment-desk.ts';
import { readToken } from '../cluster/enrolment-records.ts';
import type { LeaderDuties } from '../cluster/leader-duties.ts';
import type { MemberContext } from '../cluster/member-context.ts';
import {
  authorityHistory,
  certifyOperator,
  operatorParams,
  requestOperatorCertificate,
} from '../cluster/operators.ts';
import { copyMessage, type RemoveParams, removedMessage, removeParams } from '../cluster/removal.ts';
import { renew, renewParams } from '../cluster/renewer.ts';
import type { Reporter } from '../cluster/reporter.ts';
import { reportSchema } from '../cluster/reports.ts';
import type { RemovedMember } from '../cluster/roster.ts';
import { serveSettings, settingsParams } from '../cluster/settings.ts';
import { fencedStatus } from '../cluster/status.ts';
import { objectToToken, serveTokens, tokenParams } from '../cluster/tokens.ts';
import { serveVouchers, voucherParams } from '../cluster/voucher-desk.ts';
import type { Replica } from '../datastore/replica.ts';
import type { ReplicatedCore } from '../datastore/replicated-core.ts';
import { formatEndpoint } from '../peers/address-book.ts';
import { RpcError } from '../peers/rpc.ts';
import type { NodeId } from '../raft/types.ts';
import type { LogEnd } from './recovery-plan.ts';

type Params = Readonly<Record<string, unknown>>;

/** What a person asks of the cluster, and the leader answers. */
export type ClusterRequest =
  | 'cluster.enrolment'
  | 'cluster.tokens'
  | 'cluster.authority'
  | 'cluster.apiKeyRotation'
  | 'cluster.certificate'
  | 'cluster.vouchers'
  | 'cluster.settings';

export interface MemberRequestsOptions {
  readonly context: MemberContext;
  readonly core: ReplicatedCore;
  readonly reporter: Reporter;
  readonly duties: LeaderDuties;
  /** Null on a node that cannot open them. */
  readonly apiKeys: () => ApiKeys | null;
}

const relayMilliseconds = 30_000;
const statusMilliseconds = 3_000;
/** For a leader to be known: several elections at their usual length. */
const leaderMilliseconds = 5_000;
const leaderPauseMilliseconds = 100;
/** For a removal: an election may have to pass, and a standby to catch up. */
const removalMilliseconds = 60_000;
const removalPauseMilliseconds = 200;

export class MemberRequests {
  readonly #options: MemberRequestsOptions;
  readonly #context: MemberContext;

  constructor(options: MemberRequestsOptions) {
    this.#options = options;
    this.#context = options.context;
  }

  /** Answers a member; `remoteHost` is where it is. Rejects with `RpcError`. */
  async serve(method: string, params: Params, from: NodeId, remoteHost: string): Promise<unknown> {
    const { core, duties, apiKeys } = this.#options;
    const { replica, sealing } = this.#context;
    switch (method) {
      case 'cluster.report': {
        const report = reportSchema.parse(params);
        return duties.receive(from, report, formatEndpoint({ host: remoteHost, port: report.port }));
      }
      case 'cluster.status':
        return duties.status();
      case 'cluster.logEnd':
        return logEndOf(replica);
      case 'cluster.sealingKey': {
        const answer = sealing.answer(from);
        if (answer === null)
          throw new RpcError('notVoter', 'Only voters are told the sealing key, by voters.');
        return answer;
      }
      case 'cluster.takeSealingKey':
        return sealing.take(from, params);
      case 'cluster.apiKeys': {
        const answer = apiKeys();
        if (answer === null)
          throw new RpcError('notVoter', 'This node cannot open the keys of the Kubernetes API.');
        return answer;
      }
      case 'cluster.tokens':
        return serveTokens(this.#context, tokenParams.parse(params));
      case 'cluster.vouchers':
        return serveVouchers(this.#context, voucherParams.parse(params));
      case 'cluster.settings':
        return serveSettings(this.#context, settingsParams.parse(params));
      case 'cluster.enrolment':
        return serveDesk(this.#context, deskParams.parse(params));
      case 'cluster.renew':
        return renew(this.#context, from, renewParams.parse(params).publicKey);
      case 'cluster.authority':
        return duties.authority(authorityParams.parse(params));
      case 'cluster.apiKeyRotation':
        return duties.apiKeys(apiKeysParams.parse(params));
      case 'cluster.certificate':
        return certifyRequest(
          this.#context,
          certificateParams.parse(params),
          duties.status().time ?? Date.now(),
        );
      case 'cluster.operatorCertificate':
        return certifyOperator(this.#context, operatorParams.parse(params).publicKey);
      case 'cluster.authorityHistory':
        return { history: await authorityHistory(this.#context, null) };
      case 'cluster.remove':
        return duties.remove(removeParams.parse(params));
      case 'cluster.enrol': {
        const relayed = relaySchema.parse(params);
        return admit(this.#context, params, relayed.remoteHost, relayed.tokenId);
      }
      default: {
        const answer = replica.serve(method, params) ?? core.serve(method, params);
        if (answer === null) throw new RpcError('unknownMethod', `This version knows no "${method}".`);
        return answer.catch((error: { code?: string; message: string }) => {
          throw new RpcError(error.code ?? 'internal', error.message);
        });
      }
    }
  }

  /** The leader's view where it can be had. */
  async status(): Promise<ClusterStatus> {
    const { duties, reporter } = this.#options;
    const { identity, rpc, clusterName } = this.#context;
    const own = duties.status();
    if (reporter.isRemoved) return fencedStatus(own, 'removed', removedMessage(clusterName));
    if (reporter.isCopy) return fencedStatus(own, 'copy', copyMessage(clusterName));
    const leader = reporter.leader();
    if (leader === null || leader === identity.id) return own;
    try {
      const theirs = (await rpc.request(leader, 'cluster.status', {}, statusMilliseconds)) as ClusterStatus;
      return { ...theirs, self: own.self, warnings: [...new Set([...theirs.warnings, ...own.warnings])] };
    } catch {
      return own;
    }
  }

  /**
   * Has the leader answer a person, from any member. A node that has just joined, or is in the middle of an election, hears
   * in a moment who leads, and so long it waits. Rejects with `RpcError`.
   */
  async ask(method: ClusterRequest | 'cluster.remove', params: Params): Promise<unknown> {
    const deadline = performance.now() + leaderMilliseconds;
    for (;;) {
      const leader = this.#options.reporter.leader();
      try {
        if (leader !== null) return await this.#askLeader(leader, method, params);
      } catch (error) {
        // Whoever does not lead has done nothing.
        if (!(error instanceof RpcError) || error.code !== 'notLeader' || performance.now() > deadline)
          throw error;
      }
      if (leader === null && performance.now() > deadline) {
        const reason = this.#options.duties.status().reason ?? 'There is no leader.';
        throw new RpcError('unavailable', `${reason} Nothing was done.`);
      }
      await new Promise((resolve) => setTimeout(resolve, leaderPauseMilliseconds));
    }
  }

  async #askLeader(leader: NodeId, method: string, params: Params): Promise<unknown> {
    const { identity, rpc } = this.#context;
    if (leader === identity.id) return await this.serve(method, params, identity.id, '');
    return await rpc.request(leader, method, params, relayMilliseconds);
  }

  /**
   * Removes a node, from any member. Resolves when it has gone, with `done` false when its seat could not be handed over
   * yet: that goes on. Rejects with `RpcError`.
   */
  async remove(params: RemoveParams): Promise<RemovedMember & { readonly done: boolean }> {
    const deadline = performance.now() + removalMilliseconds;
    const removed = (await this.ask('cluster.remove', params)) as RemovedMember;
    while (performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, removalPauseMilliseconds));
      const status = await this.status();
      const isGone = status.leader !== null && !status.nodes.some(({ id }) => id === removed.id);
      if (isGone || this.#context.removed.denied.has(removed.id) || this.#options.reporter.isRemoved)
        return { ...removed, done: true };
    }
    return { ...removed, done: false };
  }

  /** For an operator whose key was proved. Rejects with `RpcError`. */
  operatorCertificate(publicKey: string): Promise<unknown> {
    return requestOperatorCertificate(this.#context, this.#options.reporter.leader(), publicKey);
  }

  /** What each CA of the cluster has said of the next, in PEM. Rejects with `RpcError`. */
  authorityHistory(): Promise<string> {
    return authorityHistory(this.#context, this.#options.reporter.leader());
  }

  /** Of the cluster, to a machine that has proved the secret or a token, and not what follows from its CA. */
  introduce(params: Params, tokenId: string | null): Omit<Introduction, 'caCertificate'> {
    const { clusterName, clusterId, replica, clock } = this.#context;
    const { id } = introductionParams.parse(params);
    const token = tokenId === null ? null : readToken(replica.machine.view, tokenId);
    const objection = tokenId === null ? null : objectToToken(token?.token ?? null, id, clock.now());
    return { clusterName, clusterId, objection };
  }

  /** Admits a machine that has proved the secret; a node that does not vote passes it on to the leader. */
  async enrol(params: Params, remoteHost: string, tokenId: string | null): Promise<unknown> {
    const { sealing, identity, rpc } = this.#context;
    const leader = this.#options.reporter.leader();
    if (sealing.key !== null || leader === identity.id)
      return admit(this.#context, params, remoteHost, tokenId);
    if (leader === null) throw new RpcError('notReady', 'This node cannot admit others: it knows no leader.');
    const relayed = { ...params, remoteHost, tokenId } satisfies z.infer<typeof relaySchema>;
    return rpc.request(leader, 'cluster.enrol', relayed, relayMilliseconds);
  }
}

/** How much a replica has. */
export function logEndOf(replica: Replica): LogEnd {
  const { lastTerm, lastIndex } = replica.status();
  return { term: lastTerm, index: lastIndex };
}
