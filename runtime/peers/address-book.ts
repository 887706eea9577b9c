/**
 * Where nodes were last seen. Addresses are hints: a peer is known by its identity, so a wrong one costs a failed
 * attempt and nothing else. Several are kept for each node, the most recently confirmed first.
 */
import type { NodeId } from '../raft/types.ts';
import type { Endpoint } from './dial.ts';

const mostHints = 4;

export class AddressBook {
  readonly #hints = new Map<NodeId, Endpoint[]>();

  /** Puts an address first among a node's hints. */
  add(id: NodeId, endpoint: Endpoint): void {
    const others = (this.#hints.get(id) ?? []).filter((hint) => !sameEndpoint(hint, endpoint));
    this.#hints.set(id, [endpoint, ...others].slice(0, mostHints));
  }

  /** Puts an address last, for a source that is less sure than what is known. */
  addLast(id: NodeId, endpoint: Endpoint): void {
    const known = this.#hints.get(id) ?? [];
    if (known.length < mostHints && !known.some((hint) => sameEndpoint(hint, endpoint))) {
      this.#hints.set(id, [...known, endpoint]);
    }
  }

  /** An address did not work: it goes to the end of the list. */
  demote(id: NodeId, endpoint: Endpoint): void {
    const known = this.#hints.get(id) ?? [];
    if (known.length > 1)
      this.#hints.set(id, [...known.filter((hint) => !sameEndpoint(hint, endpoint)), endpoint]);
  }

  first(id: NodeId): Endpoint | null {
    return this.#hints.get(id)?.[0] ?? null;
  }

  entries(): { id: NodeId; endpoint: Endpoint }[] {
    return [...this.#hints].flatMap(([id, hints]) => hints.map((endpoint) => ({ id, endpoint })));
  }
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
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
