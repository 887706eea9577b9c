/**
 * Endpoints in one form, whoever wrote them: each address is once in a subset, and addresses with the same ports are in the
 * same one. (pkg/api/v1/endpoints/util.go, RepackSubsets) The real server sorts ports and subsets by a hash of how Go prints
 * them; here they are sorted by what they say. Pure.
 */
import { stringifyJson } from '../../apiserver/objects/json-text.ts';
import type {
  EndpointAddress,
  EndpointPort,
  EndpointSubset,
} from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import { compareAsBytes } from '../../apiserver/schemas/protobuf/json-value.ts';

/** By the keys of addresses: whether they are ready. */
type Readiness = Map<string, boolean>;

export function repackSubsets(subsets: readonly EndpointSubset[]): readonly EndpointSubset[] {
  const addresses = new Map<string, EndpointAddress>();
  const byPort = new Map<string, { readonly port: EndpointPort | null; readonly ready: Readiness }>();
  for (const subset of subsets) {
    const ports = subset.ports ?? [];
    // Who offers no port is an endpoint all the same.
    for (const port of ports.length === 0 ? [null] : ports) {
      const key = stringifyJson(port);
      const entry = byPort.get(key) ?? { port, ready: new Map() };
      byPort.set(key, entry);
      note(subset.addresses, true, addresses, entry.ready);
      note(subset.notReadyAddresses, false, addresses, entry.ready);
    }
  }
  return groupPorts(
    [...byPort.values()].filter(({ ready }) => ready.size > 0),
    addresses,
  );
}

/** What is not ready somewhere is not ready; what is said of an address first is kept. */
function note(
  given: readonly EndpointAddress[] | undefined,
  isReady: boolean,
  addresses: Map<string, EndpointAddress>,
  ready: Readiness,
): void {
  for (const address of given ?? []) {
    const key = keyOf(address);
    if (!addresses.has(key)) addresses.set(key, address);
    ready.set(key, isReady && ready.get(key) !== false);
  }
}

/** Two pods may have one address, one after the other. */
function keyOf({ ip, targetRef }: EndpointAddress): string {
  return `${ip}\0${targetRef?.uid ?? ''}`;
}

function groupPorts(
  entries: readonly { readonly port: EndpointPort | null; readonly ready: Readiness }[],
  addresses: ReadonlyMap<string, EndpointAddress>,
): readonly EndpointSubset[] {
  const groups = new Map<string, { readonly ready: Readiness; readonly ports: EndpointPort[] }>();
  for (const { port, ready } of entries) {
    const key = stringifyJson([...ready].sort(([a], [b]) => compareAsBytes(a, b)));
    const group = groups.get(key) ?? { ready, ports: [] };
    groups.set(key, group);
    if (port !== null) group.ports.push(port);
  }
  const packed = [...groups.values()].map(({ ready, ports }) => {
    const pick = (state: boolean): readonly EndpointAddress[] =>
      [...ready]
        .filter(([, isReady]) => isReady === state)
        .map(([key]) => addresses.get(key) as EndpointAddress)
        .sort((a, b) => compareAsBytes(keyOf(a), keyOf(b)));
    return subsetOf(pick(true), pick(false), ports.toSorted(comparePorts));
  });
  return packed
    .map((subset) => [stringifyJson(subset), subset] as const)
    .sort(([a], [b]) => compareAsBytes(a, b))
    .map(([, subset]) => subset);
}

function subsetOf(
  ready: readonly EndpointAddress[],
  notReady: readonly EndpointAddress[],
  ports: readonly EndpointPort[],
): EndpointSubset {
  return {
    ...(ready.length === 0 ? {} : { addresses: ready }),
    ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady }),
    ...(ports.length === 0 ? {} : { ports }),
  };
}

function comparePorts(a: EndpointPort, b: EndpointPort): number {
  return a.port - b.port || compareAsBytes(stringifyJson(a), stringifyJson(b));
}
