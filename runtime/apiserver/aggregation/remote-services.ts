/** The group-versions that others answer, as the APIServices in the store say. */
import type { Store } from '../../datastore/store.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { isSet, listAt, numberAt, objectAt, stringAt } from '../objects/read-path.ts';
import { mirrorObjects } from '../storage/mirror.ts';

export interface RemoteService {
  readonly group: string;
  readonly version: string;
  readonly groupPriority: number;
  readonly versionPriority: number;
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  /** PEM; '' for the authorities that everybody trusts. */
  readonly authorities: string;
  /** Whoever answers is believed. */
  readonly skipsVerification: boolean;
  readonly isAvailable: boolean;
}

export interface RemoteServices {
  /** Null: nobody else answers it. */
  readonly of: (group: string, version: string) => RemoteService | null;
  readonly all: () => readonly RemoteService[];
  readonly close: () => void;
}

export const apiServicesPrefix = '/registry/apiregistration.k8s.io/apiservices/';
const httpsPort = 443;

/** @param onChange called after every change of what is known */
export function followRemoteServices(store: Store, onChange: () => void): RemoteServices {
  const known = new Map<string, RemoteService>();
  const mirror = mirrorObjects(store, apiServicesPrefix, {
    onPut: (object) => {
      const service = readRemoteService(object);
      const name = object.metadata.name ?? '';
      if (service === null && !known.delete(name)) return;
      if (service !== null) known.set(name, service);
      onChange();
    },
    onRemove: ({ metadata: { name = '' } }) => {
      if (known.delete(name)) onChange();
    },
  });
  return {
    of: (group, version) => known.get(`${version}.${group}`) ?? null,
    all: () => [...known.values()],
    close: mirror.close,
  };
}

/** @param object an APIService. @returns null for one that stands for what this server answers itself */
export function readRemoteService(object: ApiObject): RemoteService | null {
  const spec = objectAt(object, 'spec');
  if (!isSet(spec.service)) return null;
  const bundle = stringAt(spec, 'caBundle');
  return {
    ...{ group: stringAt(spec, 'group'), version: stringAt(spec, 'version') },
    groupPriority: numberAt(spec, 'groupPriorityMinimum'),
    versionPriority: numberAt(spec, 'versionPriority'),
    ...{ namespace: stringAt(spec, 'service', 'namespace'), name: stringAt(spec, 'service', 'name') },
    port: numberAt(spec, 'service', 'port') || httpsPort,
    authorities: Buffer.from(bundle, 'base64').toString('utf8'),
    skipsVerification: spec.insecureSkipTLSVerify === true,
    isAvailable: listAt(object, 'status', 'conditions').some(
      (condition) => stringAt(condition, 'type') === 'Available' && stringAt(condition, 'status') === 'True',
    ),
  };
}
