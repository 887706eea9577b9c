/** The Kubernetes API of this node, put together: its registry, what the kinds add, who may ask, and the cluster's own data. */
import { openKinds } from '../apiserver/handlers/kinds.ts';
import type { Strategy } from '../apiserver/handlers/served-kind.ts';
import { realSurroundings } from '../apiserver/handlers/surroundings.ts';
import { type ApiServer, apiServer } from '../apiserver/http/api-server.ts';
import { dnsSubdomain } from '../apiserver/objects/name-rules.ts';
import { builtInGroupVersions } from '../apiserver/resources/built-in.ts';
import type { Resource } from '../apiserver/resources/resource.ts';
import { readGenerated, typesFile } from '../apiserver/schemas/generated-files.ts';
import { Registry } from '../apiserver/schemas/registry.ts';
import type { ApiKeys } from '../cluster/api-keys.ts';
import type { ConfigInForce } from '../config/cluster-settings.ts';
import type { Store } from '../datastore/store.ts';
import type { Log } from '../logging/log.ts';
import type { Credentials } from '../peers/trust.ts';
import { strategyOf } from '../resources/strategies.ts';
import { openApiAccess } from './api-access.ts';
import { kubernetesVersion } from './kubernetes-version.ts';

export interface ApiService extends ApiServer {
  close(): Promise<void>;
}

export interface ApiServiceOptions {
  readonly config: ConfigInForce;
  readonly store: Store;
  readonly log: Log;
  /** Those in force. */
  readonly credentials: () => Credentials;
  readonly keys: () => ApiKeys;
  /** Of a member; null for one that is none any more. */
  readonly nodeName: (id: string) => Promise<string | null>;
}

export function openApiService(options: ApiServiceOptions): ApiService {
  const { config, store, log, credentials, nodeName } = options;
  const registry = new Registry(readGenerated(typesFile).toString('utf8'));
  const kinds = openKinds({
    registry,
    store,
    groupVersions: builtInGroupVersions,
    strategyOf: usualStrategy,
  });
  const operatorKeys = new Set(config.operators.map(({ key }) => key));
  const access = openApiAccess({ store, credentials, operatorKeys, nodeName });
  const server = apiServer({
    ...{ registry, store, kinds, access, surroundings: realSurroundings, random: Math.random },
    health: [
      { name: 'ping', readinessOnly: false, run: async () => {} },
      { name: 'datastore', readinessOnly: true, run: () => askStore(store) },
    ],
    special: {},
    version: kubernetesVersion(),
    ownAddress: () => `127.0.0.1:${config.api.port}`,
    onFault: (error, { method, path }) => {
      const fault = error instanceof Error ? error.stack : String(error);
      log.error({ method, path, fault }, 'a request to the Kubernetes API failed by a fault of its server');
    },
  });
  return { ...server, close: async () => access.close() };
}

/** Rejects while the cluster cannot answer. */
async function askStore(store: Store): Promise<void> {
  await store.range({ key: Buffer.from('/registry/'), limit: 1 });
}

function usualStrategy(r: Resource): Strategy {
  try {
    return strategyOf(r);
  } catch {}
  const { resource, subresources } = r;
  const hasStatus = subresources.some(({ name }) => name === 'status');
  return { name: dnsSubdomain, hasStatus, countsGenerations: hasStatus && resource !== 'pods' };
}
