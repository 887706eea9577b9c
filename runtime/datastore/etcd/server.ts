/**
 * The etcd v3 API of any store: on a unix socket for who may open it, and where it is asked for on a TLS port for who
 * has a certificate. `etcdctl` and a stock kube-apiserver work on it.
 */
import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
} from 'node:http2';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { type Cancel, type Clock, realClock } from '../clock.ts';
import type { Store } from '../store.ts';
import { clusterServices } from './cluster-services.ts';
import type { EtcdTlsFiles } from './etcd-client.ts';
import { HeaderSource } from './header.ts';
import { kvService } from './kv-service.ts';
import { leaseService } from './lease-service.ts';
import { maintenanceService } from './maintenance-service.ts';
import { type Methods, serveRpc } from './rpc-server.ts';
import { watchService } from './watch-service.ts';

export interface EtcdServerOptions {
  readonly store: Store;
  readonly socket: string;
  readonly port?: number | undefined;
  /** The address of the port; all when absent. */
  readonly address?: string | undefined;
  /** Needed with a port: whose certificates are taken, and our own. */
  readonly tls?: EtcdTlsFiles | undefined;
  readonly clock?: Clock;
}

export interface EtcdServer {
  /** The TLS port that was opened, if one was. */
  readonly port: number | null;
  close(): Promise<void>;
}

const serverOptions = {
  settings: { maxConcurrentStreams: 4_096, initialWindowSize: 256 * 1024 },
  // In megabytes, of one connection: answers that wait for the client to read them count too.
  maxSessionMemory: 64,
  unknownProtocolTimeout: 10_000,
} as const;
const mostConnections = 1_024;
/** A connection that does not answer a ping by the time of the next is dead. */
const pingMilliseconds = 30_000;

/** Opens the socket, and the port; resolves when both take connections. */
export async function startEtcdServer(options: EtcdServerOptions): Promise<EtcdServer> {
  const clock = options.clock ?? realClock;
  const methods = methodsOf(options.store, clock);
  const local = new Listener(createServer(serverOptions), methods, clock);
  await openSocket(local, options.socket);
  let remote: Listener | null = null;
  try {
    if (options.port !== undefined) remote = await openPort(options, methods, clock);
  } catch (error) {
    await local.close();
    throw error;
  }
  return {
    port: remote?.port ?? null,
    async close() {
      await Promise.all([local.close(), remote?.close()]);
      await rm(options.socket, { force: true });
    },
  };
}

function methodsOf(store: Store, clock: Clock): Methods {
  const headers = new HeaderSource(store, clock);
  // Asked for now, so that the first answers name the cluster already.
  headers.refresh().catch(() => {});
  const services = [
    ...kvService(store, headers),
    ...watchService(store, headers, clock),
    ...leaseService(store, headers),
    ...clusterServices(headers),
    ...maintenanceService(store, headers),
  ];
  return new Map(services.map(([name, method]) => [`/etcdserverpb.${name}`, method]));
}

/** The kernel's limit on the name of a socket, without the zero at its end. */
const longestSocketBytes = 107;

async function openSocket(listener: Listener, socket: string): Promise<void> {
  if (Buffer.byteLength(socket) > longestSocketBytes) {
    throw new Error(
      `the socket's name has more than ${longestSocketBytes} bytes: choose a shorter datastore.etcdApi.socket than ${socket}`,
    );
  }
  await mkdir(path.dirname(socket), { recursive: true, mode: 0o700 });
  if (await answers(socket)) {
    throw new Error(
      `${socket} is in use by another process: stop it, or name another socket in datastore.etcdApi.socket`,
    );
  }
  await rm(socket, { force: true });
  await listener.listen({ path: socket });
  await chmod(socket, 0o600);
}

/** A socket that a killed process left behind refuses connections. */
function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket);
    probe.on('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
}

async function openPort(options: EtcdServerOptions, methods: Methods, clock: Clock): Promise<Listener> {
  const { tls } = options;
  if (tls === undefined) {
    throw new Error(
      'datastore.etcdApi.port needs datastore.etcdApi.tls: the port is for clients with a certificate only',
    );
  }
  const server = createSecureServer({
    ...serverOptions,
    ca: await readFile(tls.ca),
    cert: await readFile(tls.certificate),
    key: await readFile(tls.key),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  });
  const listener = new Listener(server, methods, clock);
  await listener.listen({
    port: options.port!,
    ...(options.address === undefined ? {} : { host: options.address }),
  });
  return listener;
}

/** A server and its connections, so that closing it closes them. */
class Listener {
  readonly #server: Http2Server | Http2SecureServer;
  readonly #sessions = new Set<ServerHttp2Session>();
  /** Also those that speak no HTTP/2, or have not yet. */
  readonly #connections = new Set<Socket>();
  readonly #clock: Clock;
  #stopPings: Cancel = () => {};

  constructor(server: Http2Server | Http2SecureServer, methods: Methods, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
    server.maxConnections = mostConnections;
    serveRpc(server, methods);
    server.on('connection', (connection: Socket) => {
      this.#connections.add(connection);
      connection.on('close', () => this.#connections.delete(connection));
    });
    (server as Http2Server).on('session', (session) => {
      this.#sessions.add(session);
      session.on('close', () => this.#sessions.delete(session));
    });
  }

  listen(where: { path: string } | { port: number; host?: string }): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(where, () => {
        this.#server.off('error', reject);
        this.#startPings();
        resolve();
      });
    });
  }

  #startPings(): void {
    const silent = new WeakSet<ServerHttp2Session>();
    this.#stopPings = this.#clock.every(pingMilliseconds, () => {
      for (const session of this.#sessions) ping(session, silent);
    });
  }

  get port(): number | null {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : null;
  }

  async close(): Promise<void> {
    this.#stopPings();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const session of this.#sessions) session.destroy();
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }
}

function ping(session: ServerHttp2Session, silent: WeakSet<ServerHttp2Session>): void {
  if (session.destroyed) return;
  if (silent.has(session)) {
    session.destroy();
    return;
  }
  silent.add(session);
  session.ping((error) => {
    if (error === null) silent.delete(session);
  });
}
