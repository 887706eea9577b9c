/**
 * Names to addresses: /etc/hosts, then DNS, as the system does it. Not by the system's own call: that occupies a thread
 * of the process until it answers, and cannot be taken back.
 */

import { Resolver } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import net from 'node:net';

export type LookupAnswer<Value> =
  | { readonly kind: 'found'; readonly values: readonly Value[] }
  /** `reason` is the end of a sentence: "no such name". */
  | { readonly kind: 'failed'; readonly reason: string };

/** Where a service is (RFC 2782). */
export interface ServicePlace {
  readonly host: string;
  readonly port: number;
}

export interface NameLookup {
  addresses(host: string): Promise<LookupAnswer<string>>;
  /** In the order in which they are to be tried. */
  services(name: string): Promise<LookupAnswer<ServicePlace>>;
  /** Ends what is under way: its answer is a failure. */
  cancel(): void;
}

/** A name server is asked twice, for so long each time. */
const timeoutMilliseconds = 2_000;
const tries = 2;
/** Of longer answers, the first. */
const mostValues = 32;
const hostsFile = '/etc/hosts';

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no such name',
  ENODATA: 'the name has no such entry',
  ETIMEOUT: 'no name server answered in time',
  ECONNREFUSED: 'no name server can be reached',
  ESERVFAIL: 'the name server failed',
  EREFUSED: 'the name server refused to answer',
  EBADNAME: 'this is not a name',
  ECANCELLED: 'the lookup was ended',
};

/** `servers` instead of those of /etc/resolv.conf, which is read for each lookup: its content comes with an address. */
export function systemLookup(servers?: readonly string[]): NameLookup {
  const running = new Set<Resolver>();
  const ask = async <Value>(work: (resolver: Resolver) => Promise<Value>): Promise<Value> => {
    const resolver = new Resolver({ timeout: timeoutMilliseconds, tries });
    if (servers !== undefined) resolver.setServers(servers);
    running.add(resolver);
    try {
      return await work(resolver);
    } finally {
      running.delete(resolver);
    }
  };
  return {
    addresses: async (host) => {
      const named = addressesInHosts(readHosts(), host);
      if (named.length > 0) return { kind: 'found', values: named };
      return ask(async (resolver) =>
        joinAnswers(await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])),
      );
    },
    services: (name) =>
      ask(async (resolver) => {
        const [outcome] = await Promise.allSettled([resolver.resolveSrv(name)]);
        return outcome.status === 'fulfilled' ? orderServices(outcome.value) : failed(outcome.reason);
      }),
    cancel: () => {
      for (const resolver of running) resolver.cancel();
    },
  };
}

function joinAnswers(outcomes: readonly PromiseSettledResult<string[]>[]): LookupAnswer<string> {
  const values = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
  if (values.length > 0) return { kind: 'found', values: values.slice(0, mostValues) };
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  // That there is no entry of one kind says little when the other question was not answered.
  return failed(failures.find((failure) => failure?.code !== 'ENODATA') ?? failures[0]);
}

/** Lowest priority first; of the same, the heaviest: all are tried in the end, so nothing is drawn by lot. */
export function orderServices(
  records: readonly {
    readonly name: string;
    readonly port: number;
    readonly priority: number;
    readonly weight: number;
  }[],
): LookupAnswer<ServicePlace> {
  const values = records
    // "." says that the service is decidedly not there.
    .filter(({ name, port }) => name !== '' && name !== '.' && port > 0)
    .toSorted((a, b) => a.priority - b.priority || b.weight - a.weight)
    .slice(0, mostValues)
    .map(({ name, port }) => ({ host: name, port }));
  if (values.length === 0) return { kind: 'failed', reason: 'the service is said not to be there' };
  return { kind: 'found', values };
}

function failed(error: unknown): { readonly kind: 'failed'; readonly reason: string } {
  const code = (error as { code?: string } | undefined)?.code ?? String(error);
  return { kind: 'failed', reason: reasons[code] ?? code };
}

function readHosts(): string {
  try {
    return readFileSync(hostsFile, 'utf8');
  } catch {
    return '';
  }
}

/** The addresses that a hosts file (hosts(5)) gives a name. */
export function addressesInHosts(text: string, host: string): string[] {
  const wanted = host.toLowerCase().replace(/\.$/, '');
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    return net.isIP(address) !== 0 && names.some((name) => name.toLowerCase() === wanted) ? [address] : [];
  });
}
