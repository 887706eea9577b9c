/**
 * Where a service is reached from this node: at one of those that serve it, since not every node has the way by its own address.
 * (k8s.io/apiserver/pkg/util/proxy)
 */

import type { Kinds } from '../apiserver/handlers/kinds.ts';
import { placeOf } from '../apiserver/handlers/served-kind.ts';
import { type ApiObject, decodeFromStore } from '../apiserver/objects/object-bytes.ts';
import { listAt, numberAt, objectAt, stringAt, stringsAt } from '../apiserver/objects/read-path.ts';
import type { ResolveService } from '../apiserver/outgoing/ask-webhook.ts';
import type { Resource } from '../apiserver/resources/resource.ts';

const services = { group: '', version: 'v1', resource: 'services' };
const slices = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' };

export function resolveServices(kinds: Kinds): ResolveService {
  return async (namespace, name, port) => {
    const kind = kinds.served(kinds.resource(services) as Resource);
    const stored = await kind.objects.get(placeOf(kind, namespace, name));
    if (stored === null) throw new Error(`service "${name}" not found`);
    const service = decodeFromStore(stored.bytes, stored.revision);
    if (stringAt(service, 'spec', 'type') === 'ExternalName') {
      return { host: stringAt(service, 'spec', 'externalName'), port };
    }
    const entry = listAt(service, 'spec', 'ports').find((one) => numberAt(one, 'port') === port);
    if (entry === undefined) throw new Error(`no service port ${port} found for service "${name}"`);
    const places = placesOf(await slicesOf(kinds, namespace, name), stringAt(entry, 'name'));
    const chosen = places[Math.floor(Math.random() * places.length)];
    if (chosen !== undefined) return chosen;
    const host = stringAt(service, 'spec', 'clusterIP');
    if (host === '' || host === 'None') throw new Error(`no endpoints available for service "${name}"`);
    return { host, port };
  };
}

async function slicesOf(kinds: Kinds, namespace: string, name: string): Promise<readonly ApiObject[]> {
  const kind = kinds.served(kinds.resource(slices) as Resource);
  const { items } = await kind.objects.list(`${namespace}/`, { kind: 'newest', limit: 0 });
  const all = items.map(({ bytes, revision }) => decodeFromStore(bytes, revision));
  return all.filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name);
}

/** Of those that are ready. */
function placesOf(all: readonly ApiObject[], portName: string) {
  return all.flatMap((slice) => {
    const port = listAt(slice, 'ports').find((one) => stringAt(one, 'name') === portName);
    const ready = listAt(slice, 'endpoints').filter((one) => objectAt(one, 'conditions').ready !== false);
    const hosts = ready.flatMap((one) => stringsAt(one, 'addresses').slice(0, 1));
    return port === undefined ? [] : hosts.map((host) => ({ host, port: numberAt(port, 'port') }));
  });
}
