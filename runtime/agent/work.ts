/** What an agent does: it is a node of a cluster, or it waits to be told of one. */
import type { ClusterStatus } from '../admin/protocol.ts';
import { type AdminCall, AdminRefusal } from '../admin/server.ts';
import type { ConfigInForce } from '../config/cluster-settings.ts';
import type { LoadedConfig } from '../config/load.ts';
import { type SigningOrder, SigningRefused } from '../controllers/certificates/signer.ts';
import { startEtcdServer } from '../datastore/etcd/server.ts';
import type { Log } from '../logging/log.ts';
import { ApiPort } from './api-port.ts';
import { CoreClient } from './core-client.ts';
import { openExternalStore } from './data-store.ts';
import type { ServiceManager } from './systemd.ts';
import { answerWaiting, explainWaiting } from './waiting.ts';

const lookAgainMilliseconds = 5_000;

export interface Work {
  answer(call: AdminCall): Promise<unknown>;
  /** In good order. */
  stop(): Promise<void>;
  /** What is left when it has stopped or failed. */
  close(): Promise<void>;
}

export interface NodeEvents {
  readonly askStatus: () => Promise<unknown>;
  /** The node cannot go on. */
  readonly fail: (error: unknown) => void;
  /** It is a member, and needs no secret or token any more. */
  readonly onEnrolled: () => void;
}

export async function startNode(
  config: ConfigInForce,
  systemd: ServiceManager,
  log: Log,
  { askStatus, fail, onEnrolled }: NodeEvents,
): Promise<Work> {
  const store = await openExternalStore(config);
  const core: CoreClient = new CoreClient(config, store, {
    onCredentials: (credentials) => api.use(credentials),
    onApiKeys: (keys) => api.takeKeys(keys),
    onReady: () => systemd.ready(),
    onEnrolled,
    onStatusText: (text) => systemd.status(text),
    onLog: (line) => process.stdout.write(line),
    onAskStatus: askStatus,
    onFatal: (message) => fail(new Error(message)),
  });
  const api = new ApiPort(config, core.store, log, {
    view: async () => (await core.request('status', {})) as ClusterStatus,
    signCertificate: (order) => signCertificate(core, order),
  });
  const etcd = await startEtcdServer({ store: core.store, ...config.datastore.etcdApi }).catch(
    (error: unknown) => {
      fail(error);
      return null;
    },
  );
  return {
    answer: ({ method, params, emit, signal }) => core.request(method, params, { emit, signal }),
    stop: async () => {
      // Its controllers give up their lease while the cluster can still be told.
      await api.close();
      await core.stop();
    },
    close: async () => {
      etcd?.close();
      await api.close();
      await core.close();
    },
  };
}

/** The leader signs, whichever node asks. */
async function signCertificate(core: CoreClient, order: SigningOrder): Promise<string> {
  const { request, usages, validSeconds } = order;
  try {
    const answer = await core.request('certificate', { request, usages, validSeconds });
    return (answer as { readonly certificate: string }).certificate;
  } catch (error) {
    const isFinal = error instanceof AdminRefusal && error.code === 'refused';
    throw isFinal ? new SigningRefused(error.message) : error;
  }
}

/** @param lookAgain called now and then: the sources of configuration may have come to name a cluster. */
export function startWaiting(
  loaded: LoadedConfig,
  systemd: ServiceManager,
  log: Log,
  lookAgain: () => void,
): Work {
  const looking = setInterval(lookAgain, lookAgainMilliseconds);
  log.warn(explainWaiting(loaded));
  systemd.status('waits to be told its cluster');
  systemd.ready();
  return {
    answer: ({ method }) => answerWaiting(loaded, method),
    stop: async () => {},
    close: async () => clearInterval(looking),
  };
}

/** Between two of the others. */
export function pause(loaded: LoadedConfig): Work {
  const reason = 'This machine has a new configuration and begins with it: ask again in a moment.';
  return {
    answer: ({ method }) => answerWaiting(loaded, method, reason),
    stop: async () => {},
    close: async () => {},
  };
}
