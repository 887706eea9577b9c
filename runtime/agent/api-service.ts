/** The Kubernetes API of this node, put together: its registry, what the kinds add, who may ask, and the cluster's own data. */
import { webhookCaller } from '../apiserver/custom-resources/conversion/call-webhook.ts';
import { openCustomKinds } from '../apiserver/custom-resources/custom-kinds.ts';
import { settleDefinitions } from '../apiserver/custom-resources/settle-definitions.ts';
import { openKinds } from '../apiserver/handlers/kinds.ts';
import { realSurroundings, type Surroundings } from '../apiserver/handlers/surroundings.ts';
import { type ApiServer, apiServer } from '../apiserver/http/api-server.ts';
import { measureAccess } from '../apiserver/metrics/access-measures.ts';
import { measureQueues } from '../apiserver/metrics/queue-measures.ts';
import { builtInGroupVersions } from '../apiserver/resources/built-in.ts';
import { readGenerated, typesFile } from '../apiserver/schemas/generated-files.ts';
import { Registry } from '../apiserver/schemas/registry.ts';
import { encryptingStore } from '../apiserver/storage/encryption/encrypting-store.ts';
import { keepEncrypted } from '../apiserver/storage/encryption/keep-encrypted.ts';
import type { ApiKeys } from '../cluster/api-keys.ts';
import type { ConfigInForce } from '../config/cluster-settings.ts';
import { reportUnreachable } from '../controllers/api-services/report-unreachable.ts';
import type { CertificateSigner } from '../controllers/certificates/signer.ts';
import { realClock, timeOf } from '../controllers/machinery/clock.ts';
import { startNodeAgentApi } from '../controllers/nodes/own-node.ts';
import { startControllers } from '../controllers/start-controllers.ts';
import type { Store } from '../datastore/store.ts';
import type { Log } from '../logging/log.ts';
import type { Credentials } from '../peers/trust.ts';
import { convertStored } from '../resources/convert.ts';
import { strategyOf } from '../resources/strategies.ts';
import { subresources } from '../subresources/all.ts';
import { openApiAccess } from './api-access.ts';
import { openApiAggregation } from './api-aggregation.ts';
import { openApiAround } from './api-around.ts';
import { componentStatuses } from './api-components.ts';
import { type ClusterView, followMembers } from './api-members.ts';
import { openApiMetrics } from './api-metrics.ts';
import { policyChecker } from './api-policy-types.ts';
import { kubernetesVersion } from './kubernetes-version.ts';
import { observeMachine } from './node-observation.ts';
import { resolveServices } from './service-addresses.ts';

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
  readonly cluster: ApiCluster;
}

/** What the API needs of the node's core. */
export interface ApiCluster {
  readonly view: () => Promise<ClusterView>;
  readonly signCertificate: CertificateSigner;
}

export function openApiService(options: ApiServiceOptions): ApiService {
  const { config, log, credentials, keys, cluster } = options;
  const encryption = { store: options.store, prefixes: encryptedPrefixes, keys: () => keys().secrets };
  const store = encryptingStore({
    ...encryption,
    onUnreadable: (sentence) => log.error(`${sentence} (trivet kv del gives it up)`),
  });
  const members = followMembers(cluster.view);
  const { nowMs } = members;
  const surroundings: Surroundings = { ...realSurroundings, now: () => timeOf(nowMs()) };
  const registry = new Registry(readGenerated(typesFile).toString('utf8'));
  const groupVersions = builtInGroupVersions;
  const builtIn = openKinds({ registry, store, groupVersions, strategyOf, convert: convertStored });
  const callWebhook = webhookCaller(resolveServices(builtIn));
  const kinds = openCustomKinds({ registry, store, builtIn, callWebhook });
  const settling = settleDefinitions({
    ...{ kinds, surroundings },
    onFault: (error) => log.warn({ error: String(error) }, 'definitions of custom resources wait'),
  });
  const operatorKeys = new Set(config.operators.map(({ key }) => key));
  const access = openApiAccess({
    ...{ registry, store, kinds, surroundings, credentials, keys, operatorKeys, config: config.api },
    ...{ nodeName: members.nodeName, nowMs },
  });
  const surrounded = openApiAround({ config, store, kinds, registry, log, nowMs });
  const measured = measureAccess(access);
  const queues = measureQueues();
  const aggregation = openApiAggregation({
    ...{ store, kinds, keys, credentials },
    onUnreachable: (name) => void reportFailure(name),
  });
  const server = apiServer({
    ...{ registry, store, kinds, access: measured.access, surroundings, random: Math.random },
    metrics: openApiMetrics(store, kinds, [...surrounded.measures, ...measured.measures, ...queues.measures]),
    health: [
      { name: 'ping', readinessOnly: false, run: async () => {} },
      { name: 'datastore', readinessOnly: true, run: () => askStore(store) },
    ],
    special: { ...access.special, ...subresources, ...componentStatuses(kinds, () => askStore(store)) },
    aggregation,
    documents: access.issuerDocuments,
    version: kubernetesVersion(),
    ownAddress: () => `127.0.0.1:${config.api.port}`,
    around: surrounded.around,
    onFault: (error, { method, path }) => {
      const fault = error instanceof Error ? error.stack : String(error);
      log.error({ method, path, fault }, 'a request to the Kubernetes API failed by a fault of its server');
    },
  });
  const clock = { ...realClock, wallNow: nowMs };
  const check = aggregation.forControllers.checkApiService;
  const reportFailure = reportUnreachable({ server, log, clock, check });
  const controllers = startControllers({
    ...{ server, log, rootCa: () => credentials().caCertificate },
    identity: `${credentials().nodeId}_${surroundings.makeUid()}`,
    kubernetesService: () => members.service(config.api.port),
    members: members.known,
    clock,
    accountTokens: access.accountTokens,
    certificates: cluster.signCertificate,
    meterOf: queues.meterOf,
    ...aggregation.forControllers,
    checkPolicy: policyChecker(registry, kinds),
  });
  const stopEncrypting = keepEncrypted({
    ...{ ...encryption, isOurTurn: controllers.isLeading },
    onDone: (done, key) => log.info({ ...done, key }, 'secrets were brought under the key in force'),
  });
  const ownNode = startNodeAgentApi({
    ...{ server, log, clock },
    observe: () => {
      const own = members.member(credentials().nodeId);
      return own === null ? null : observeMachine(own, config.dataDirectory);
    },
  });
  return {
    ...server,
    close: async () => {
      await Promise.all([controllers.stop(), ownNode.stop(), stopEncrypting()]);
      aggregation.close();
      await settling.close();
      kinds.close();
      members.close();
      access.close();
      await surrounded.close();
    },
  };
}

/** What lies encrypted in the store. */
const encryptedPrefixes = ['/registry/secrets/'];

/** Rejects while the cluster cannot answer. */
async function askStore(store: Store): Promise<void> {
  await store.range({ key: Buffer.from('/registry/'), limit: 1 });
}
