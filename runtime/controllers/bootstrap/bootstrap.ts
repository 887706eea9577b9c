/**
 * What a cluster has from its first moment on: namespaces, default roles, priority classes, flow schemas, the service of the API.
 * Made at the beginning, and looked after from then on. (pkg/controlplane: instance.go, controller/)
 */
import { type DefaultsStore, installDefaults } from '../../apiserver/access/install-defaults.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type { Log } from '../../logging/log.ts';
import { systemPriorityClasses } from '../../resources/scheduling/system-priority-classes.ts';
import type { ApiClient } from '../client/api-client.ts';
import { placeIn, type ResourceName, resources } from '../client/places.ts';
import { perform } from '../client/writes.ts';
import { type Clock, pause } from '../machinery/clock.ts';
import {
  type ExtensionAuthentication,
  extensionAuthenticationPlace,
  planExtensionAuthentication,
} from './extension-authentication.ts';
import { flowControlDefaults, repairedDefault } from './flow-control.ts';
import {
  type KubernetesService,
  kubernetesServicePlace,
  planKubernetesService,
} from './kubernetes-service.ts';
import { systemNamespaces } from './namespaces.ts';

export interface BootstrapOptions {
  /** Of somebody who may do anything: before the roles are there nobody else may. */
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Null while the members are not known. */
  readonly kubernetesService: () => KubernetesService | null;
  /** Null while this node does not know it. */
  readonly extensionAuthentication: () => ExtensionAuthentication | null;
}

const longestPauseMilliseconds = 10_000;
/** Members come and go. */
const serviceMilliseconds = 10_000;
const namespacesMilliseconds = 60_000;

/** The namespaces alone, so that a lease can be made in one of them. Resolves when they are there, or `signal` aborts. */
export async function bringNamespaces(options: BootstrapOptions, signal: AbortSignal): Promise<void> {
  await untilDone(options, signal, () => installNamespaces(options.client));
}

/** All that others build on. Resolves when it is there, or `signal` aborts. */
export async function bringDefaults(options: BootstrapOptions, signal: AbortSignal): Promise<void> {
  const { client } = options;
  await untilDone(options, signal, async () => {
    await installNamespaces(client);
    await installDefaults(defaultsStore(client));
    for (const object of systemPriorityClasses) {
      await createMissing(client, resources.priorityClasses, object as unknown as ApiObject);
    }
    await installFlowControl(client);
  });
}

/** Repairs what people or accidents have taken away, until `signal` aborts. */
export async function keepDefaults(options: BootstrapOptions, signal: AbortSignal): Promise<void> {
  const { client, clock } = options;
  for (let waitedMs = 0; !signal.aborted; waitedMs += serviceMilliseconds) {
    await untilDone(options, signal, async () => {
      await installService(options);
      await installExtensionAuthentication(options);
      if (waitedMs % namespacesMilliseconds !== 0) return;
      await installNamespaces(client);
      await installFlowControl(client);
    });
    await pause(clock, serviceMilliseconds, signal);
  }
}

/** Again and again, less and less often: a cluster that has just begun has no leader yet, and others do the same. */
async function untilDone(
  { clock, log }: BootstrapOptions,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  for (
    let milliseconds = 100;
    !signal.aborted;
    milliseconds = Math.min(milliseconds * 2, longestPauseMilliseconds)
  ) {
    try {
      await work();
      return;
    } catch (error) {
      const fields = { error: String(error), retryInMs: milliseconds };
      log.debug(fields, 'what every cluster has could not be brought into the API yet');
    }
    await pause(clock, milliseconds, signal);
  }
}

async function installNamespaces(client: ApiClient): Promise<void> {
  for (const object of systemNamespaces) await createMissing(client, resources.namespaces, object);
}

async function createMissing(client: ApiClient, of: ResourceName, object: ApiObject): Promise<void> {
  if ((await client.find(placeIn(of, object.metadata))) !== null) return;
  await perform(client, { kind: 'create', of, object });
}

async function installFlowControl(client: ApiClient): Promise<void> {
  for (const wanted of flowControlDefaults) {
    const { of, object } = wanted;
    const existing = await client.find(placeIn(of, object.metadata));
    const repaired = existing === null ? null : repairedDefault(wanted, existing);
    if (existing === null) await perform(client, { kind: 'create', of, object });
    if (repaired !== null) await perform(client, { kind: 'update', of, object: repaired });
  }
}

async function installService({ client, kubernetesService }: BootstrapOptions): Promise<void> {
  const wanted = kubernetesService();
  if (wanted === null) return;
  const read = (of: ResourceName) => client.find({ ...of, ...kubernetesServicePlace });
  const [service, endpoints, slice] = await Promise.all([
    read(resources.services),
    read(resources.endpoints),
    read(resources.endpointSlices),
  ]);
  for (const write of planKubernetesService({ wanted, service, endpoints, slice }))
    await perform(client, write);
}

async function installExtensionAuthentication({
  client,
  extensionAuthentication,
}: BootstrapOptions): Promise<void> {
  const wanted = extensionAuthentication();
  if (wanted === null) return;
  const existing = await client.find({ ...resources.configMaps, ...extensionAuthenticationPlace });
  for (const write of planExtensionAuthentication(wanted, existing)) await perform(client, write);
}

const rbacResources: Readonly<Record<string, ResourceName>> = {
  ClusterRole: resources.clusterRoles,
  ClusterRoleBinding: resources.clusterRoleBindings,
  Role: resources.roles,
  RoleBinding: resources.roleBindings,
};

function defaultsStore(client: ApiClient): DefaultsStore {
  const ofKind = (kind: string): ResourceName => rbacResources[kind] as ResourceName;
  return {
    get: (kind, namespace, name) => client.find({ ...ofKind(kind), namespace, name }),
    create: async (object) => void (await client.create(ofKind(object.kind), object)),
    update: async (object) => void (await client.update(ofKind(object.kind), object)),
    remove: (kind, namespace, name, uid) => client.remove({ ...ofKind(kind), namespace, name }, { uid }),
  };
}
