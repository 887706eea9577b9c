/**
 * The agent's main thread: administration, systemd, and one core thread in which the datastore, the cluster and
 * the peer port live, so that nothing done here can delay a heartbeat.
 */
import { type AdminCall, type AdminServer, serveAdminConsole, serveAdminSocket } from '../admin/server.ts';
import type { Config } from '../config/schema.ts';
import { startEtcdServer } from '../datastore/etcd/server.ts';
import { createLog, type Log } from '../logging/log.ts';
import { CoreClient } from './core-client.ts';
import { openExternalStore } from './data-store.ts';
import { warnOfDevelopmentKeys } from './image-keys.ts';
import { settleAfterStart } from './settle.ts';
import { connectServiceManager, type ServiceManager } from './systemd.ts';

/** Runs until SIGTERM or SIGINT, or until the node cannot go on (exit code 1). */
export async function runAgent(config: Config): Promise<void> {
  const log = createLog((line) => process.stdout.write(line));
  await warnOfDevelopmentKeys(log);
  const systemd = connectServiceManager(process.env);
  const ended = Promise.withResolvers<void>();
  const core = new CoreClient(config, await openExternalStore(config), {
    onReady: () => systemd.ready(),
    onStatusText: (text) => systemd.status(text),
    onLog: (line) => process.stdout.write(line),
    onFatal: (message) => ended.reject(new Error(message)),
  });
  const servers = await openAdministration(config, core, log).catch((error: unknown) => {
    ended.reject(error);
    return [];
  });
  const etcd = await startEtcdServer({ store: core.store, ...config.datastore.etcdApi }).catch(
    (error: unknown) => {
      ended.reject(error);
      return null;
    },
  );
  const watchdog = startWatchdog(core, systemd);
  void settleAfterStart();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => core.stop().then(ended.resolve));
  }
  try {
    await ended.promise;
  } catch (error) {
    log.fatal(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
  clearInterval(watchdog);
  for (const server of servers) server.close();
  await etcd?.close();
  process.exit();
}

async function openAdministration(config: Config, core: CoreClient, log: Log): Promise<AdminServer[]> {
  const handler = (call: AdminCall): Promise<unknown> =>
    core.request(call.method, call.params, { emit: call.emit, signal: call.signal });
  const servers = [await serveAdminSocket(config.admin.socket, handler)];
  for (const device of config.admin.consoles) {
    const server = serveAdminConsole(device, handler);
    if (server) servers.push(server);
    else log.debug({ device }, 'no such console: it is not served');
  }
  return servers;
}

/** A sign of life goes out only after the core has answered: a hung core is a hung agent. */
function startWatchdog(core: CoreClient, systemd: ServiceManager): NodeJS.Timeout | undefined {
  if (systemd.watchdogMilliseconds === null) return undefined;
  return setInterval(() => {
    core.request('ping', {}).then(
      () => systemd.alive(),
      () => {},
    );
  }, systemd.watchdogMilliseconds / 3);
}
