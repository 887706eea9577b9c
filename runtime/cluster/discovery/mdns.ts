/**
 * Multicast DNS service discovery (RFC 6762, 6763) of `_trivet._tcp.local`: says where this node listens and
 * hears where others do. The address is taken from the packet, which is the one that works on this link. What is
 * heard is a hint from anybody; proof comes later.
 */
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

/** Starts announcing and listening. A machine without a network yet is no fault: it is tried again. */
export function startMdns(
  own: Announcement,
  interfaceAddress: string | undefined,
  onFound: (found: Announcement & { readonly endpoint: Endpoint }) => void,
): Mdns {
  const dns = multicastDns(
    interfaceAddress === undefined ? {} : { interface: interfaceAddress, bind: '0.0.0.0' },
  );
  const ignore = (): void => {};
  dns.on('error', ignore);
  dns.on('warning', ignore);
  dns.on('query', (query: { questions: { name: string }[] }) => {
    if (query.questions.some((question) => question.name === service)) dns.respond(describe(own), ignore);
  });
  dns.on(
    'response',
    (response: { answers: DnsAnswer[]; additionals: DnsAnswer[] }, from: { address: string }) => {
      const found = readAnnouncement([...response.answers, ...response.additionals]);
      if (found && found.id !== own.id)
        onFound({ ...found, endpoint: { host: from.address, port: found.port } });
    },
  );
  const ask = (): void => {
    dns.query({ questions: [{ name: service, type: 'PTR' }] }, ignore);
    dns.respond(describe(own), ignore);
  };
  ask();
  let timer = setInterval(ask, eagerMilliseconds);
  return {
    setEager: (eager) => {
      clearInterval(timer);
      timer = setInterval(ask, eager ? eagerMilliseconds : calmMilliseconds);
    },
    close: () => {
      clearInterval(timer);
      dns.destroy();
    },
  };
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
