/**
 * The controllers of the Kubernetes API: one node of the cluster runs them all, another one when it cannot.
 * (cmd/kube-controller-manager)
 */
import { groups, type UserInfo } from '../apiserver/authentication/user.ts';
import type { ApiServer } from '../apiserver/http/api-server.ts';
import type { QueueMeter } from '../apiserver/metrics/queue-measures.ts';
import type { Log } from '../logging/log.ts';
import { type CheckPolicy, runPolicyChecks } from './admission-policies/check-policies.ts';
import {
  type CheckApiService,
  runAvailability,
  runLocalApiServices,
} from './api-services/run-api-services.ts';
import {
  type BootstrapOptions,
  bringDefaults,
  bringNamespaces,
  keepDefaults,
} from './bootstrap/bootstrap.ts';
import type { ExtensionAuthentication } from './bootstrap/extension-authentication.ts';
import type { KubernetesService } from './bootstrap/kubernetes-service.ts';
import { runBootstrapTokens } from './bootstrap-tokens/tend-tokens.ts';
import { runCertificates } from './certificates/run-certificates.ts';
import type { CertificateSigner } from './certificates/signer.ts';
import { type ApiClient, apiClient } from './client/api-client.ts';
import { runAggregation } from './cluster-roles/aggregate.ts';
import type { ControllerContext } from './controller-context.ts';
import { runGarbageCollection } from './garbage/collect-garbage.ts';
import { runFinishedJobs } from './jobs/finished-jobs.ts';
import { type Clock, realClock } from './machinery/clock.ts';
import { openInformers } from './machinery/informers.ts';
import { standForLeader } from './machinery/leader.ts';
import { runNamespaceDeletion } from './namespaces/delete-namespaces.ts';
import { type Member, runNodeHealth } from './nodes/watch-nodes.ts';
import { runPodEnds } from './pods/end-pods.ts';
import { runQuotas } from './quota/count-quotas.ts';
import { runRootCa } from './root-ca/root-ca.ts';
import { runDefaultAccounts } from './service-accounts/default-accounts.ts';
import { type AccountTokens, runTokenSecrets } from './service-accounts/token-secrets.ts';
import { runVolumeProtection } from './volumes/protect-volumes.ts';

export interface ControllersOptions {
  readonly server: Pick<ApiServer, 'handleAs'>;
  readonly log: Log;
  /** Of this run of this node: `NAME_UUID`. */
  readonly identity: string;
  /** The service of the API; null while the members are not known. */
  readonly kubernetesService: () => KubernetesService | null;
  /** The CAs by which clients know the API server, in PEM. */
  readonly rootCa: () => string;
  /** Of the cluster; null while they are not known. Default: nothing is known of them. */
  readonly members?: () => readonly Member[] | null;
  /** Those that lie in Secrets. Default: Secrets stay without. */
  readonly accountTokens?: AccountTokens;
  /** Signs certificates that have been approved. Default: requests stay as they are. */
  readonly certificates?: CertificateSigner;
  /** By which servers of other API groups believe this one; null while it is not known. Default: they are told nothing. */
  readonly extensionAuthentication?: () => ExtensionAuthentication | null;
  /** Asks the servers of other API groups. Default: nobody does. */
  readonly checkApiService?: CheckApiService;
  /** Holds expressions of policies against what they are about. Default: nobody does. */
  readonly checkPolicy?: CheckPolicy;
  /** Counts what happens in the queue of a controller of that name. Default: nobody does. */
  readonly meterOf?: (name: string) => QueueMeter;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** From 0 to 1. */
  readonly random?: () => number;
  /** Of the programs, before the first slash the field manager. */
  readonly userAgent?: string;
}

export interface Controllers {
  /** Whether this node runs them now. */
  readonly isLeading: () => boolean;
  /** Resolves when all have stopped, and another node may take over at once. */
  readonly stop: () => Promise<void>;
}

export function startControllers(options: ControllersOptions): Controllers {
  const { clock = realClock, random = Math.random, log, identity } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const client = clientAs(options, masterUser);
  const { kubernetesService, extensionAuthentication = () => null } = options;
  const bootstrap: BootstrapOptions = { client, clock, log, kubernetesService, extensionAuthentication };
  let leading = false;
  const lead = async (held: AbortSignal): Promise<void> => {
    leading = true;
    try {
      await bringDefaults(bootstrap, held);
      if (!held.aborted) runAll(options, { clock, random, signal: held });
      await keepDefaults(bootstrap, held);
    } finally {
      leading = false;
    }
  };
  const lease = { namespace: 'kube-system', name: 'kube-controller-manager' };
  const election = async (): Promise<void> => {
    await bringNamespaces(bootstrap, signal);
    // Who leads is settled before there are roles, since it is the leader who brings them.
    await standForLeader({ client, lease, identity, clock, random, log, lead, signal });
  };
  const done = election();
  return {
    isLeading: () => leading,
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

function runAll(
  options: ControllersOptions,
  {
    clock,
    random,
    signal,
  }: { readonly clock: Clock; readonly random: () => number; readonly signal: AbortSignal },
): void {
  const { log, meterOf } = options;
  const manager = clientAs(options, managerUser);
  const informers = openInformers({ client: manager, clock, random, log, signal });
  const clientOf = (name: string): ApiClient => clientAs(options, accountUser(name));
  const context: ControllerContext = { clientOf, manager, informers, clock, random, log, meterOf, signal };
  const master = clientAs(options, masterUser);
  runLocalApiServices(context, master);
  if (options.checkApiService !== undefined) runAvailability(context, master, options.checkApiService);
  if (options.checkPolicy !== undefined) runPolicyChecks(context, options.checkPolicy);
  runAggregation(context);
  runDefaultAccounts(context);
  runRootCa(context, options.rootCa);
  if (options.accountTokens !== undefined) runTokenSecrets(context, options.rootCa, options.accountTokens);
  if (options.certificates !== undefined) runCertificates(context, options.certificates);
  runBootstrapTokens(context);
  runNamespaceDeletion(context);
  runGarbageCollection(context);
  runQuotas(context);
  runPodEnds(context);
  runFinishedJobs(context);
  runVolumeProtection(context);
  runNodeHealth(context, options.members ?? (() => null));
}

function clientAs(
  { server, userAgent = 'kube-controller-manager/v1.32' }: ControllersOptions,
  user: UserInfo,
): ApiClient {
  return apiClient({ server, user, userAgent });
}

const masterUser: UserInfo = {
  ...{ name: 'system:apiserver', uid: '', extra: {} },
  groups: [groups.masters, groups.authenticated],
};
/** Reads everything. */
const managerUser: UserInfo = {
  ...{ name: 'system:kube-controller-manager', uid: '', extra: {} },
  groups: [groups.authenticated],
};

function accountUser(name: string): UserInfo {
  return {
    ...{ name: `system:serviceaccount:kube-system:${name}`, uid: '', extra: {} },
    groups: [groups.serviceAccounts, `${groups.serviceAccounts}:kube-system`, groups.authenticated],
  };
}
