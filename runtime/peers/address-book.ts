/**
 * Where nodes were last seen. Addresses are hints: a peer is known by its identity, so a wrong one costs a failed
 * attempt and nothing else. Several are kept for each node, the most recently confirmed first. Only what the cluster says
 * and what a peer has proved at an address gets in here; strangers' words never do (`cluster/discovery/`).
 */
import type { NodeId } from '../raft/types.ts';
import type { Endpoint } from './dial.ts';

export const defaultPeerPort = 7443;
const mostHints = 4;

export class AddressBook {
  readonly #hints = new Map<NodeId, Endpoint[]>();
  /** Nodes that answered when they were last dialled. */
  readonly #reached = new Set<NodeId>();

  /** The cluster says that a node is at an address: it goes first, but for a link-local one, which may be another link's. */
  add(id: NodeId, endpoint: Endpoint): void {
    if (isLinkLocal(endpoint.host)) this.addLast(id, endpoint);
    else this.#hints.set(id, [endpoint, ...this.#without(id, endpoint)].slice(0, mostHints));
  }

  /** Puts an address last, for a source that is less sure than what is known. */
  addLast(id: NodeId, endpoint: Endpoint): void {
    const known = this.#hints.get(id) ?? [];
    if (known.length < mostHints && !this.knows(id, endpoint)) this.#hints.set(id, [...known, endpoint]);
  }

  /**
   * The node itself answered at an address. That goes first; but a link-local IPv6 address, which nobody else can use and
   * no person can read, not before another one that works.
   */
  confirm(id: NodeId, endpoint: Endpoint): void {
    const others = this.#without(id, endpoint);
    const [first] = others;
    const second =
      first !== undefined &&
      this.#reached.has(id) &&
      isLinkLocal(endpoint.host) &&
      this.#hints.get(id)?.[0] === first;
    const hints = second ? [first, endpoint, ...others.slice(1)] : [endpoint, ...others];
    this.#hints.set(id, hints.slice(0, mostHints));
    this.#reached.add(id);
  }

  /** An address did not work: it goes to the end of the list. */
  demote(id: NodeId, endpoint: Endpoint): void {
    const first = this.first(id);
    // Nothing is said of a node that has answered elsewhere meanwhile.
    if (first === null || sameEndpoint(first, endpoint)) this.#reached.delete(id);
    if (this.knows(id, endpoint)) this.#hints.set(id, [...this.#without(id, endpoint), endpoint]);
  }

  first(id: NodeId): Endpoint | null {
    return this.#hints.get(id)?.[0] ?? null;
  }

  /** Where a node answered when it was last dialled; null when it did not. */
  confirmed(id: NodeId): Endpoint | null {
    return this.#reached.has(id) ? this.first(id) : null;
  }

  knows(id: NodeId, endpoint: Endpoint): boolean {
    return this.#hints.get(id)?.some((hint) => sameEndpoint(hint, endpoint)) ?? false;
  }

  has(id: NodeId): boolean {
    return this.#hints.has(id);
  }

  /** Nodes that did not answer when they were last dialled, or were not dialled yet. */
  missing(): NodeId[] {
    return [...this.#hints.keys()].filter((id) => !this.#reached.has(id));
  }

  entries(): { id: NodeId; endpoint: Endpoint }[] {
    return [...this.#hints].flatMap(([id, hints]) => hints.map((endpoint) => ({ id, endpoint })));
  }

  #without(id: NodeId, endpoint: Endpoint): Endpoint[] {
    return (this.#hints.get(id) ?? []).filter((hint) => !sameEndpoint(hint, endpoint));
  }
}

export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.host === b.host && a.port === b.port;
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatEndpoint(endpoint: Endpoint): string {
  return endpoint.host.includes(':')
    ? `[${endpoint.host}]:${endpoint.port}`
    : `${endpoint.host}:${endpoint.port}`;
}

/** Reads `host`, `host:port` or `[v6]:port`; null when it is none of them. */
export function parseEndpoint(text: string, defaultPort: number): Endpoint | null {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  return host !== undefined && port <= 65535 ? { host, port } : null;
}

/** An IPv4 address that a dual-stack socket shows as ::ffff:a.b.c.d, in its usual form. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}

/** An address of fe80::/10: it means something on one link only, which its zone names (`fe80::1%eth0`). */
export function isLinkLocal(host: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(host);
}

/** An address as others may read it: the zone of a link-local one is this machine's own name for its link. */
export function addressForOthers(address: string): string {
  return plainAddress(address).replace(/%.*$/, '');
}
