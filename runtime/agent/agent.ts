/**
 * The agent's main thread: administration, systemd, and one core thread in which the datastore, the cluster and
 * the peer port live, so that nothing done here can delay a heartbeat.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import type { ClusterStatus } from '../admin/protocol.ts';
import { type AdminCall, type AdminServer, serveAdminConsole, serveAdminSocket } from '../admin/server.ts';
import { isComplete } from '../config/layers.ts';
import { type ConfigPlaces, type LoadedConfig, loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { startEtcdServer } from '../datastore/etcd/server.ts';
import { makeDirectoryDurably, readTextIfPresent, writeFileDurably } from '../files/durable.ts';
import { createLog, type Log } from '../logging/log.ts';
import { reportConfig } from './config-report.ts';
import { CoreClient } from './core-client.ts';
import { openExternalStore } from './data-store.ts';
import { forgetKeptSecrets, forgetSecrets } from './forget-secrets.ts';
import { settleAfterStart } from './settle.ts';
import { SystemMethods } from './system-methods.ts';
import { connectServiceManager, type ServiceManager } from './systemd.ts';
import { answerWaiting, explainWaiting } from './waiting.ts';

const lookAgainMilliseconds = 5_000;

/**
 * Runs until SIGTERM or SIGINT, or until the node cannot go on (exit code 1). One that waits for its cluster also ends when
 * a source of configuration has come to name it, so that the service manager starts it anew.
 */
export async function runAgent(places: ConfigPlaces): Promise<void> {
  const loaded = loadConfig(places);
  const log = createLog((line) => process.stdout.write(line));
  const systemd = connectServiceManager(process.env);
  const ended = Promise.withResolvers<void>();
  // What fails while the rest still starts is awaited below.
  ended.promise.catch(() => {});
  const { config } = loaded;
  forgetKeptSecrets(loaded, log);
  keepConfiguration(loaded, log);
  const opened = Promise.withResolvers<SystemMethods>();
  const askStatus = async (): Promise<unknown> => (await opened.promise).status();
  const work = isComplete(config)
    ? await startNode(config, systemd, {
        askStatus,
        fail: ended.reject,
        onEnrolled: () => forgetSecrets(loaded, places.bootPartition, log),
      })
    : startWaiting(loaded, systemd, log, () => {
        if (loadConfig(places).state !== 'complete') return;
        log.info('A source of configuration names the cluster now: the agent ends, to start again in it.');
        ended.resolve();
      });
  const system = new SystemMethods(
    async () => (await ask(work, 'status')) as ClusterStatus,
    () => reportConfig(loaded, places),
  );
  opened.resolve(system);
  const servers = await openAdministration(loaded, system, work, log).catch((error: unknown) => {
    ended.reject(error);
    return [];
  });
  const watchdog = startWatchdog(work, systemd);
  void settleAfterStart();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => work.stop().then(ended.resolve));
  }
  try {
    await ended.promise;
  } catch (error) {
    log.fatal(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
  clearInterval(watchdog);
  for (const server of servers) server.close();
  await work.close();
  process.exit();
}

/** Keeps what the sources say, for a start at which one is away or broken. */
function keepConfiguration({ toKeep }: LoadedConfig, log: Log): void {
  try {
    for (const { file, text } of toKeep) {
      if (readTextIfPresent(file) === text) continue;
      makeDirectoryDurably(path.dirname(file));
      if (text === null) rmSync(file);
      else writeFileDurably(file, text);
    }
  } catch (error) {
    // A full disk, say. The node can do its work all the same.
    log.warn(`The configuration could not be kept for the next start: ${(error as Error).message}`);
  }
}

/** What the agent does: a node of a cluster, or waiting for one. */
interface Work {
  answer(call: AdminCall): Promise<unknown>;
  /** In good order. */
  stop(): Promise<void>;
  /** What is left when it has stopped or failed. */
  close(): Promise<void>;
}

async function startNode(
  config: Config,
  systemd: ServiceManager,
  {
    askStatus,
    fail,
    onEnrolled,
  }: { askStatus: () => Promise<unknown>; fail: (error: unknown) => void; onEnrolled: () => void },
): Promise<Work> {
  const core = new CoreClient(config, await openExternalStore(config), {
    onReady: () => systemd.ready(),
    onEnrolled,
    onStatusText: (text) => systemd.status(text),
    onLog: (line) => process.stdout.write(line),
    onAskStatus: askStatus,
    onFatal: (message) => fail(new Error(message)),
  });
  const etcd = await startEtcdServer({ store: core.store, ...config.datastore.etcdApi }).catch(
    (error: unknown) => {
      fail(error);
      return null;
    },
  );
  return {
    answer: ({ method, params, emit, signal }) => core.request(method, params, { emit, signal }),
    stop: () => core.stop(),
    close: async () => etcd?.close(),
  };
}

function startWaiting(loaded: LoadedConfig, systemd: ServiceManager, log: Log, lookAgain: () => void): Work {
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

async function openAdministration(
  loaded: LoadedConfig,
  system: SystemMethods,
  work: Work,
  log: Log,
): Promise<AdminServer[]> {
  for (const warning of system.warnings()) log.warn(warning);
  const handler = (call: AdminCall): Promise<unknown> =>
    system.serve(call.method, call.params) ?? work.answer(call);
  const { admin } = loaded.config;
  const servers = [await serveAdminSocket(admin.socket, handler)];
  for (const device of admin.consoles) {
    const server = serveAdminConsole(device, handler);
    if (server) servers.push(server);
    else log.debug({ device }, 'no such console: it is not served');
  }
  return servers;
}

function ask(work: Work, method: string): Promise<unknown> {
  return work.answer({ method, params: {}, emit: () => {}, signal: new AbortController().signal });
}

/** A sign of life goes out only after the core has answered: a hung core is a hung agent. */
function startWatchdog(work: Work, systemd: ServiceManager): NodeJS.Timeout | undefined {
  if (systemd.watchdogMilliseconds === null) return undefined;
  return setInterval(() => {
    ask(work, 'ping').then(
      () => systemd.alive(),
      () => {},
    );
  }, systemd.watchdogMilliseconds / 3);
}
