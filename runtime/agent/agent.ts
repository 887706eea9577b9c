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
import { makeDirectoryDurably, readTextIfPresent, writeFileDurably } from '../files/durable.ts';
import { createLog, type Log } from '../logging/log.ts';
import type { Formation } from './admin-methods.ts';
import { reportConfig } from './config-report.ts';
import { forgetKeptSecrets, forgetSecrets } from './forget-secrets.ts';
import type { Joining } from './joining.ts';
import { settleAfterStart } from './settle.ts';
import { SystemMethods } from './system-methods.ts';
import { connectServiceManager, type ServiceManager } from './systemd.ts';
import { pause, startNode, startWaiting, type Work } from './work.ts';

/**
 * Runs until SIGTERM or SIGINT, or until the node cannot go on (exit code 1). One that waits for its cluster also ends when
 * a source of configuration has come to name it, so that the service manager starts it anew; where a person says it here
 * (`trivet join`), it goes on as a node at once.
 */
export async function runAgent(places: ConfigPlaces): Promise<void> {
  const log = createLog((line) => process.stdout.write(line));
  const systemd = connectServiceManager(process.env);
  const ended = Promise.withResolvers<void>();
  // What fails while the rest still starts is awaited below.
  ended.promise.catch(() => {});
  const running = await Running.start(places, systemd, log, ended);
  const servers = await openAdministration(running, log).catch((error: unknown) => {
    ended.reject(error);
    return [];
  });
  const watchdog = startWatchdog(running, systemd);
  void settleAfterStart();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => running.stop().then(ended.resolve));
  }
  try {
    await ended.promise;
  } catch (error) {
    log.fatal(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
  clearInterval(watchdog);
  for (const server of servers) server.close();
  await running.close();
  process.exit();
}

/** The configuration in force and what is done with it; `trivet join` replaces both. */
class Running {
  readonly #places: ConfigPlaces;
  readonly #systemd: ServiceManager;
  readonly #log: Log;
  readonly #ended: PromiseWithResolvers<void>;
  readonly #system: SystemMethods;
  /** Loaded for the first who asks: few machines are ever joined by hand. */
  #joining: Promise<Joining> | null = null;
  #loaded: LoadedConfig;
  #work: Work;

  static async start(
    places: ConfigPlaces,
    systemd: ServiceManager,
    log: Log,
    ended: PromiseWithResolvers<void>,
  ): Promise<Running> {
    const running = new Running(places, systemd, log, ended);
    await running.#begin();
    return running;
  }

  private constructor(
    places: ConfigPlaces,
    systemd: ServiceManager,
    log: Log,
    ended: PromiseWithResolvers<void>,
  ) {
    this.#places = places;
    this.#systemd = systemd;
    this.#log = log;
    this.#ended = ended;
    this.#loaded = loadConfig(places);
    this.#work = pause(this.#loaded);
    this.#system = new SystemMethods(
      async () => (await this.#ask('status')) as ClusterStatus,
      () => reportConfig(this.#loaded, places),
    );
  }

  get loaded(): LoadedConfig {
    return this.#loaded;
  }

  /** Full sentences, for the log at the start. */
  warnings(): readonly string[] {
    return this.#system.warnings();
  }

  async answer(call: AdminCall): Promise<unknown> {
    if (call.method === 'join') {
      this.#joining ??= this.#openJoining();
      return (await this.#joining).serve(call);
    }
    return this.#system.serve(call.method, call.params) ?? this.#work.answer(call);
  }

  async ping(): Promise<void> {
    await this.#ask('ping');
  }

  stop(): Promise<void> {
    return this.#work.stop();
  }

  close(): Promise<void> {
    return this.#work.close();
  }

  async #begin(): Promise<void> {
    const loaded = this.#loaded;
    const { config, base } = loaded;
    forgetKeptSecrets(loaded, this.#log);
    keepConfiguration(loaded, this.#log);
    const isNode = isComplete(config) && isComplete(base);
    this.#work = isNode
      ? await startNode({ ...config, base }, this.#systemd, this.#log, {
          askStatus: () => this.#system.status(),
          fail: this.#ended.reject,
          onEnrolled: () => forgetSecrets(loaded, this.#places.bootPartition, this.#log),
        })
      : startWaiting(loaded, this.#systemd, this.#log, () => this.#lookAgain());
  }

  #lookAgain(): void {
    if (loadConfig(this.#places).state !== 'complete') return;
    this.#log.info('A source of configuration names the cluster now: the agent ends, to start again in it.');
    this.#ended.resolve();
  }

  /** Stops what is done, has the sources changed, and begins with what they say then. */
  async #restart(change: () => void): Promise<void> {
    const before = this.#work;
    this.#work = pause(this.#loaded);
    await before.stop();
    await before.close();
    try {
      change();
      this.#loaded = loadConfig(this.#places);
    } finally {
      // Without work the agent would be of no use to anybody.
      await this.#begin().catch(this.#ended.reject);
    }
  }

  async #openJoining(): Promise<Joining> {
    const { Joining } = await import('./joining.ts');
    const { findCluster } = await import('../cluster/find-cluster.ts');
    return new Joining({
      log: this.#log,
      loaded: () => this.#loaded,
      status: async () => (await this.#ask('status')) as ClusterStatus,
      formation: async () => (await this.#ask('node.formation')) as Formation,
      restart: (change) => this.#restart(change),
      find: findCluster,
    });
  }

  #ask(method: string): Promise<unknown> {
    return this.#work.answer({ method, params: {}, emit: () => {}, signal: new AbortController().signal });
  }
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

async function openAdministration(running: Running, log: Log): Promise<AdminServer[]> {
  for (const warning of running.warnings()) log.warn(warning);
  const handler = (call: AdminCall): Promise<unknown> => running.answer(call);
  const { admin } = running.loaded.config;
  const servers = [await serveAdminSocket(admin.socket, handler)];
  for (const device of admin.consoles) {
    const server = serveAdminConsole(device, handler);
    if (server) servers.push(server);
    else log.debug({ device }, 'no such console: it is not served');
  }
  return servers;
}

/** A sign of life goes out only after the core has answered: a hung core is a hung agent. */
function startWatchdog(running: Running, systemd: ServiceManager): NodeJS.Timeout | undefined {
  if (systemd.watchdogMilliseconds === null) return undefined;
  return setInterval(() => {
    running.ping().then(
      () => systemd.alive(),
      () => {},
    );
  }, systemd.watchdogMilliseconds / 3);
}
