/**
 * Multicast DNS service discovery (RFC 6762, 6763) of `_trivet._tcp.local`: says where this node listens and
 * hears where others do. The address is taken from the packet, which is the one that works on this link. What is
 * heard is a hint from anybody; proof comes later.
 */
import { networkInterfaces } from 'node:os';
import multicastDns from 'multicast-dns';
import type { Endpoint } from '../../peers/dial.ts';

const service = '_trivet._tcp.local';
const timeToLiveSeconds = 120;
const eagerMilliseconds = 1_000;
const calmMilliseconds = 10_000;

export interface Announcement {
  readonly id: string;
  readonly clusterName: string;
  readonly port: number;
}

export interface Mdns {
  /** Ask often while the node looks for a cluster, seldom when it is a member. */
  setEager(eager: boolean): void;
  close(): void;
}

type DnsAnswer = { readonly name: string; readonly type: string; readonly data: unknown };

/**
 * Starts announcing and listening on every interface, or on the one given. Interfaces come and go (a cable, a
 * late DHCP answer, a link-local address): each address has a socket of its own, so that what is sent leaves
 * there, also on a machine that has no route for multicast.
 */
export function startMdns(
  own: Announcement,
  interfaceAddress: string | undefined,
  onFound: (found: Announcement & { readonly endpoint: Endpoint }) => void,
): Mdns {
  const sockets = new Map<string, multicastDns.MulticastDNS>();
  const round = (): void => {
    const addresses = interfaceAddress === undefined ? ownAddresses() : [interfaceAddress];
    for (const [address, socket] of sockets) {
      if (addresses.includes(address)) continue;
      socket.destroy();
      sockets.delete(address);
    }
    for (const address of addresses) {
      const socket = sockets.get(address) ?? openSocket(address, own, onFound);
      sockets.set(address, socket);
      socket.query({ questions: [{ name: service, type: 'PTR' }] }, ignore);
      socket.respond(describe(own), ignore);
    }
  };
  round();
  let timer = setInterval(round, eagerMilliseconds);
  return {
    setEager: (eager) => {
      clearInterval(timer);
      timer = setInterval(round, eager ? eagerMilliseconds : calmMilliseconds);
    },
    close: () => {
      clearInterval(timer);
      for (const socket of sockets.values()) socket.destroy();
    },
  };
}

const ignore = (): void => {};

/** The IPv4 addresses of this machine that others may reach. */
function ownAddresses(): string[] {
  const infos = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return infos.filter((info) => info.family === 'IPv4' && !info.internal).map((info) => info.address);
}

function openSocket(
  address: string,
  own: Announcement,
  onFound: (found: Announcement & { readonly endpoint: Endpoint }) => void,
): multicastDns.MulticastDNS {
  const socket = multicastDns({ interface: address, bind: '0.0.0.0' });
  // A network that goes away while something is sent is no fault: the next round tries again.
  socket.on('error', ignore);
  socket.on('warning', ignore);
  socket.on('query', (query: { questions: { name: string }[] }) => {
    if (query.questions.some((question) => question.name === service)) socket.respond(describe(own), ignore);
  });
  socket.on(
    'response',
    (response: { answers: DnsAnswer[]; additionals: DnsAnswer[] }, from: { address: string }) => {
      const found = readAnnouncement([...response.answers, ...response.additionals]);
      if (found && found.id !== own.id)
        onFound({ ...found, endpoint: { host: from.address, port: found.port } });
    },
  );
  return socket;
}

function describe(own: Announcement) {
  const instance = `${own.id}.${service}`;
  const target = `${own.id}.local`;
  return {
    answers: [
      { name: service, type: 'PTR' as const, ttl: timeToLiveSeconds, data: instance },
      { name: instance, type: 'SRV' as const, ttl: timeToLiveSeconds, data: { port: own.port, target } },
      {
        name: instance,
        type: 'TXT' as const,
        ttl: timeToLiveSeconds,
        data: [`id=${own.id}`, `cluster=${own.clusterName}`],
      },
    ],
  };
}

/** Reads one node's announcement out of a response; null when there is none or it makes no sense. */
export function readAnnouncement(answers: readonly DnsAnswer[]): Announcement | null {
  const srv = answers.find((answer) => answer.type === 'SRV' && answer.name.endsWith(service));
  const txt = answers.find((answer) => answer.type === 'TXT' && answer.name.endsWith(service));
  const port = (srv?.data as { port?: unknown } | undefined)?.port;
  const fields = readText(txt?.data);
  const id = fields.get('id');
  const clusterName = fields.get('cluster');
  if (typeof port !== 'number' || port < 1 || port > 65535) return null;
  if (id === undefined || !/^[0-9a-f]{16}$/.test(id) || clusterName === undefined) return null;
  return { id, clusterName, port };
}

function readText(data: unknown): Map<string, string> {
  const parts = Array.isArray(data) ? data : [data];
  const fields = new Map<string, string>();
  for (const part of parts) {
    const text = Buffer.isBuffer(part) ? part.toString('utf8') : String(part);
    const at = text.indexOf('=');
    if (at > 0) fields.set(text.slice(0, at), text.slice(at + 1));
  }
  return fields;
}
