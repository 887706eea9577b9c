/** The policies of the Kubernetes API, with what they need of this node: the store, the kinds, the way to services. */
import { setTimeout as pause } from 'node:timers/promises';
import { openAdmission } from '../apiserver/admission/open-admission.ts';
import type { Plugin } from '../apiserver/admission/plugin.ts';
import type { FindParams } from '../apiserver/admission/policies/params.ts';
import type { QuotaStore } from '../apiserver/admission/resource-quota.ts';
import type { Authorizer } from '../apiserver/authorization/authorizer.ts';
import type { Kinds } from '../apiserver/handlers/kinds.ts';
import { normalized, normalizeObject, placeOf } from '../apiserver/handlers/served-kind.ts';
import type { Surroundings } from '../apiserver/handlers/surroundings.ts';
import type { Access } from '../apiserver/http/api-server.ts';
import { type ApiObject, decodeFromStore } from '../apiserver/objects/object-bytes.ts';
import type { Resource } from '../apiserver/resources/resource.ts';
import type { Registry } from '../apiserver/schemas/registry.ts';
import type { Store } from '../datastore/store.ts';
import { resolveServices } from './service-addresses.ts';
import { readStored } from './stored-reads.ts';

export interface ApiAdmissionOptions {
  readonly registry: Registry;
  readonly store: Store;
  readonly kinds: Kinds;
  readonly surroundings: Surroundings;
  readonly authorizer: () => Promise<Authorizer>;
  /** Asked before what speaks to others. */
  readonly more: readonly Plugin[];
}

const againMilliseconds = 150;

export function openApiAdmission(options: ApiAdmissionOptions): {
  readonly admission: Access['admission'];
  readonly close: () => void;
} {
  const { registry, store, kinds, surroundings, authorizer, more } = options;
  const reads = readStored(store, kinds);
  const admission = openAdmission({
    ...{ reads, authorizer, more },
    quotas: quotaStore(kinds),
    findParams: findParams(kinds),
    makeSuffix: surroundings.makeSuffix,
    wait: () => pause(againMilliseconds),
    webhooks: {
      resolve: resolveServices(kinds),
      equivalents: (resource) => equivalents(kinds, resource),
      convert: (object, from, to) => convert(kinds, object, from, to),
      normalize: (resource, object) => {
        // What has a kind of its own, such as a binding, is nothing of its resource.
        if (resource.storage === null || object.kind !== resource.kind)
          return normalizeObject(registry, object);
        const kind = kinds.served(resource);
        return normalized(kind, kind.strategy.fillIn, kind.normalize(object));
      },
      makeUid: surroundings.makeUid,
    },
  });
  return { admission, close: reads.close };
}

function quotaStore(kinds: Kinds): QuotaStore {
  return {
    nowMs: Date.now,
    change: async (namespace, name, decide) => {
      const resource = kinds.resource({ group: '', version: 'v1', resource: 'resourcequotas' });
      const kind = kinds.served(resource as Resource);
      await kind.objects.change(placeOf(kind, namespace, name), (quota) => ({
        kind: 'store',
        object: decide(quota),
      }));
    },
  };
}

/** What lies at the same place is the same. */
function equivalents(kinds: Kinds, resource: Resource): readonly Resource[] {
  const { storage, version, group } = resource;
  if (storage === null) return [];
  return kinds.groupVersions
    .flatMap(({ resources }) => resources)
    .filter(
      (one) => one.storage?.prefix === storage.prefix && (one.version !== version || one.group !== group),
    );
}

/** By way of the form that is stored. */
async function convert(kinds: Kinds, object: ApiObject, from: Resource, to: Resource): Promise<ApiObject> {
  const stored = (await kinds.served(from).conversion?.toStored(object)) ?? object;
  const [served] = (await kinds.served(to).conversion?.toServed([stored])) ?? [stored];
  return served ?? stored;
}

function findParams(kinds: Kinds): FindParams {
  return async ({ apiVersion, kind: kindName }, namespace, name) => {
    const [version = '', group = ''] = apiVersion.split('/').reverse();
    const resources = kinds.groupVersions.find(
      (one) => one.group === group && one.version === version,
    )?.resources;
    const resource = resources?.find((one) => one.kind === kindName && one.storage !== null);
    if (resource === undefined) return null;
    const kind = kinds.served(resource);
    const { namespaced: isNamespaced } = resource;
    if (name !== '') {
      const found = await kind.objects.get(placeOf(kind, namespace, name));
      return { isNamespaced, objects: found === null ? [] : [decodeFromStore(found.bytes, found.revision)] };
    }
    const below = isNamespaced ? `${namespace}/` : '';
    const { items } = await kind.objects.list(below, { kind: 'newest', limit: 0 });
    return { isNamespaced, objects: items.map(({ bytes, revision }) => decodeFromStore(bytes, revision)) };
  };
}
