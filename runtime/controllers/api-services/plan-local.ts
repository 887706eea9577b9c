/**
 * The APIServices of what this server answers itself: what is built in, and what definitions of custom resources add. Those that
 * people have made stay theirs. (k8s.io/kube-aggregator/pkg/controllers/autoregister, pkg/controlplane/controller/crdregistration) Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import { customPriority, localPriority } from '../../apiserver/aggregation/local-priorities.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { isSet, listAt, objectAt, stringAt } from '../../apiserver/objects/read-path.ts';
import { resources } from '../client/places.ts';
import { removalOf, type Write } from '../client/writes.ts';

export interface ObservedLocal {
  /** null where there is none */
  readonly existing: ApiObject | null;
  /** null: this server does not answer it */
  readonly wanted: ApiObject | null;
}

const managedKey = 'kube-aggregator.kubernetes.io/automanaged';

interface GroupVersionName {
  readonly group: string;
  readonly version: string;
}

/** What should be there, by names. @param definitions of custom resources */
export function wantedLocalServices(
  builtIn: readonly GroupVersionName[],
  definitions: readonly ApiObject[],
): ReadonlyMap<string, ApiObject> {
  const all = new Map<string, ApiObject>();
  const put = (
    { group, version }: GroupVersionName,
    priority: typeof customPriority,
    label: string,
  ): void => {
    const object = localService({ group, version }, priority, label);
    all.set(object.metadata.name ?? '', object);
  };
  for (const one of definitions.flatMap(versionsOf)) put(one, customPriority, 'true');
  // What describes APIServices has none itself.
  for (const one of builtIn) {
    const priority = localPriority(one.group, one.version);
    if (priority !== null) put(one, priority, 'onstart');
  }
  return all;
}

/** The names of the APIServices that a definition is the reason for. */
export function namesOfDefinition(definition: ApiObject): readonly string[] {
  return versionsOf(definition).map(({ group, version }) => `${version}.${group}`);
}

function versionsOf(definition: ApiObject): readonly GroupVersionName[] {
  const group = stringAt(definition, 'spec', 'group');
  const served = listAt(definition, 'spec', 'versions').filter((one) => objectAt(one).served === true);
  return served.map((one) => ({ group, version: stringAt(one, 'name') }));
}

function localService(
  { group, version }: GroupVersionName,
  priority: typeof customPriority,
  label: string,
): ApiObject {
  const priorities = { groupPriorityMinimum: priority.group, versionPriority: priority.version };
  return {
    ...{ kind: 'APIService', apiVersion: 'apiregistration.k8s.io/v1' },
    metadata: { name: `${version}.${group}`, labels: { [managedKey]: label } },
    spec: { ...(group === '' ? {} : { group }), version, ...priorities },
  };
}

export function planLocalService({ existing, wanted }: ObservedLocal): readonly Write[] {
  const of = resources.apiServices;
  if (existing === null) return wanted === null ? [] : [{ kind: 'create', of, object: wanted }];
  if (stringAt(existing.metadata, 'labels', managedKey) === '') return [];
  if (wanted === null) return isSet(existing, 'spec', 'service') ? [] : [removalOf(of, existing)];
  if (isDeepStrictEqual(withoutEmpty(existing.spec), withoutEmpty(wanted.spec))) return [];
  return [{ kind: 'update', of, object: { ...existing, spec: wanted.spec } }];
}

function withoutEmpty(spec: unknown): object {
  return Object.fromEntries(
    Object.entries(objectAt(spec)).filter(([, value]) => value !== '' && isSet(value)),
  );
}
