/**
 * Which resources there are at this moment: those that the server knows by itself, and those of the definitions in the store,
 * which every node follows. A definition that changes in what is served makes its kinds anew, and ends who watches the old ones.
 */
import type { Store } from '../../datastore/store.ts';
import type { Kinds, ResourceName } from '../handlers/kinds.ts';
import type { ServedKind } from '../handlers/served-kind.ts';
import type { GroupVersion, Resource } from '../resources/resource.ts';
import type { CustomResourceDefinition } from '../schemas/generated/types/apiextensions-v1.ts';
import type { OpenApiDocument } from '../schemas/openapi.ts';
import type { Registry } from '../schemas/registry.ts';
import { mirrorObjects } from '../storage/mirror.ts';
import type { CallWebhook } from './conversion/call-webhook.ts';
import { convertByDefinition } from './conversion/convert-objects.ts';
import { asDefinition, groupVersionsOf, isTerminating, resourcesOf } from './definition.ts';
import { makeOpenApi } from './openapi/custom-openapi.ts';
import { customKind } from './served/custom-kind.ts';

export interface CustomKinds extends Kinds {
  /** Every definition that is there has been seen. */
  readonly ready: Promise<void>;
  readonly definitions: () => readonly CustomResourceDefinition[];
  /** @param listener called after every change of a definition; returns how to stop it */
  readonly onChange: (listener: () => void) => () => void;
  readonly close: () => void;
}

export interface CustomKindsOptions {
  readonly registry: Registry;
  readonly store: Store;
  /** What the server knows by itself. */
  readonly builtIn: Kinds;
  readonly callWebhook: CallWebhook;
}

const definitionsPrefix = '/registry/apiextensions.k8s.io/customresourcedefinitions/';

/** What is served of a definition as it is now. */
interface Served {
  readonly definition: CustomResourceDefinition;
  /** Another one: other kinds. */
  readonly fingerprint: string;
  readonly resources: readonly Resource[];
  readonly kinds: Map<Resource, ServedKind>;
  readonly ending: AbortController;
}

export function openCustomKinds(options: CustomKindsOptions): CustomKinds {
  const { builtIn, store } = options;
  const served = new Map<string, Served>();
  const listeners = new Set<() => void>();
  let current = summarize(builtIn, []);
  const changed = (): void => {
    current = summarize(builtIn, [...served.values()]);
    for (const listener of listeners) listener();
  };
  const mirror = mirrorObjects(store, definitionsPrefix, {
    onPut: (object) => {
      const definition = asDefinition(object);
      const name = object.metadata.name ?? '';
      served.set(name, nextServed(served.get(name), definition));
      changed();
    },
    onRemove: ({ metadata: { name = '' } }) => {
      served.get(name)?.ending.abort();
      served.delete(name);
      changed();
    },
  });
  const kindOf = (resource: Resource): ServedKind => {
    const owner = current.owners.get(resource);
    if (owner === undefined) return builtIn.served(resource);
    const kind = owner.kinds.get(resource) ?? makeKind(options, owner, resource);
    owner.kinds.set(resource, kind);
    return kind;
  };
  return {
    get groupVersions() {
      return current.groupVersions;
    },
    resource: (name) => builtIn.resource(name) ?? current.custom.get(nameOf(name)) ?? null,
    served: kindOf,
    openApi: () => current.openApi(),
    ready: mirror.ready,
    definitions: () => [...served.values()].map(({ definition }) => definition),
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => {
      mirror.close();
      for (const { ending } of served.values()) ending.abort();
    },
  };
}

/** The same kinds where nothing has changed that they are made of. */
function nextServed(old: Served | undefined, definition: CustomResourceDefinition): Served {
  const resources = resourcesOf(definition);
  const { spec, status, metadata } = definition;
  const parts = [metadata?.uid, spec, status?.acceptedNames, resources.length, isTerminating(definition)];
  const fingerprint = JSON.stringify(parts);
  if (old?.fingerprint === fingerprint) return { ...old, definition };
  old?.ending.abort();
  return { definition, fingerprint, resources, kinds: new Map(), ending: new AbortController() };
}

function makeKind(
  { registry, store, callWebhook }: CustomKindsOptions,
  owner: Served,
  resource: Resource,
): ServedKind {
  const { definition, ending } = owner;
  const version = definition.spec.versions.find(({ name }) => name === resource.version);
  if (version === undefined) throw new Error(`${resource.resource} has no version ${resource.version}`);
  const convert = convertByDefinition(definition, callWebhook);
  return customKind({ registry, store, resource, version, convert, ended: ending.signal });
}

interface Summary {
  readonly groupVersions: readonly GroupVersion[];
  readonly custom: ReadonlyMap<string, Resource>;
  readonly owners: ReadonlyMap<Resource, Served>;
  readonly openApi: () => readonly OpenApiDocument[];
}

/** A group-version of the server itself stays the server's. */
function summarize(builtIn: Kinds, served: readonly Served[]): Summary {
  const own = new Set(builtIn.groupVersions.map(({ group, version }) => `${group}/${version}`));
  const pairs = served.flatMap((one) =>
    one.resources
      .filter(({ group, version }) => !own.has(`${group}/${version}`))
      .map((resource) => [resource, one] as const),
  );
  const owners = new Map(pairs);
  const custom = groupVersionsOf([...owners.keys()]);
  let documents: readonly OpenApiDocument[] | null = null;
  return {
    groupVersions: [...builtIn.groupVersions, ...custom],
    custom: new Map([...owners.keys()].map((resource) => [nameOf(resource), resource])),
    owners,
    openApi: () => {
      documents ??= makeOpenApi(custom, (resource) => (owners.get(resource) as Served).definition);
      return documents;
    },
  };
}

function nameOf({ group, version, resource }: ResourceName): string {
  return `${group}/${version}/${resource}`;
}
