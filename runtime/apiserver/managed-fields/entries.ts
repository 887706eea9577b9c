/** `metadata.managedFields`: who owns which fields, as it is stored. */
import { compareAsBytes, isObject, type JsonObject, type JsonValue } from '../schemas/protobuf/json-value.ts';
import { type FieldSet, isEmptySet, union } from './field-set.ts';
import { formatFieldsV1, readFieldsV1 } from './fields-v1.ts';
import { ManagedFieldsError } from './managed-fields-error.ts';

export interface ManagerName {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** Empty for the object itself. */
  readonly subresource: string;
}

export interface Manager extends ManagerName {
  readonly fields: FieldSet;
  /** RFC 3339; null when none was given. */
  readonly time: string | null;
}

/** By their identities, see `identify`. */
export type Managers = ReadonlyMap<string, Manager>;

/** An object that someone could send has at most this many. */
const mostManagers = 1000;

/** Who applies is the same at every version; who updates is not. It is Go's JSON, since managers are sorted by it. */
export function identify({ manager, operation, apiVersion, subresource }: ManagerName): string {
  return JSON.stringify({
    ...(manager === '' ? {} : { manager }),
    operation,
    ...(operation === 'Apply' ? {} : { apiVersion }),
    ...(subresource === '' ? {} : { subresource }),
  });
}

/** @throws ManagedFieldsError */
export function readManagers(managedFields: unknown): Managers {
  if (managedFields === undefined || managedFields === null) return new Map();
  if (!Array.isArray(managedFields)) throw malformed('metadata.managedFields is no list');
  if (managedFields.length > mostManagers)
    throw malformed(`metadata.managedFields has more than ${mostManagers} entries`);
  const managers = managedFields.map(readEntry);
  return new Map(managers.map((manager) => [identify(manager), manager]));
}

function readEntry(entry: unknown): Manager {
  if (!isObject(entry)) throw malformed('an entry of metadata.managedFields is no object');
  const { operation, fieldsType, fieldsV1, time } = entry;
  if (operation !== 'Apply' && operation !== 'Update')
    throw malformed('an entry of metadata.managedFields has another operation than Apply or Update');
  if (fieldsType !== 'FieldsV1')
    throw malformed('an entry of metadata.managedFields has another fieldsType than FieldsV1');
  const text = (name: string): string => {
    const value = entry[name] ?? '';
    if (typeof value === 'string') return value;
    throw malformed(`an entry of metadata.managedFields has a ${name} that is no text`);
  };
  return {
    ...{ manager: text('manager'), operation, apiVersion: text('apiVersion') },
    subresource: text('subresource'),
    time: typeof time === 'string' ? time : null,
    fields: readFieldsV1(fieldsV1 ?? {}),
  };
}

/** Those that own something, appliers first, then by age. */
export function formatManagers(managers: Managers): readonly JsonValue[] {
  return [...managers.values()]
    .filter(({ fields }) => !isEmptySet(fields))
    .sort(compareManagers)
    .map(formatEntry);
}

function compareManagers(a: Manager, b: Manager): number {
  return (
    compareAsBytes(a.operation, b.operation) ||
    compareAsBytes(a.time ?? '', b.time ?? '') ||
    compareAsBytes(a.manager, b.manager) ||
    compareAsBytes(a.apiVersion, b.apiVersion) ||
    compareAsBytes(a.subresource, b.subresource)
  );
}

/** In the order in which Go writes it. */
function formatEntry({ manager, operation, apiVersion, time, fields, subresource }: Manager): JsonObject {
  return {
    ...(manager === '' ? {} : { manager }),
    ...{ operation, apiVersion },
    ...(time === null ? {} : { time }),
    ...{ fieldsType: 'FieldsV1', fieldsV1: formatFieldsV1(fields) },
    ...(subresource === '' ? {} : { subresource }),
  };
}

/** At most this many updaters have an entry of their own. */
const mostUpdaters = 10;
const ancient = 'ancient-changes';

/** The oldest updaters become one for each version, until there are few enough. */
export function capUpdaters(managers: Managers): Managers {
  const updaters = [...managers.values()].filter(({ operation }) => operation === 'Update');
  const capped = new Map(managers);
  let count = updaters.length;
  const firsts = new Map<string, Manager>();
  const byAge = updaters.sort(
    (a, b) => compareAsBytes(a.time ?? '', b.time ?? '') || compareAsBytes(identify(a), identify(b)),
  );
  for (const updater of byAge) {
    if (count <= mostUpdaters) break;
    const { apiVersion } = updater;
    const first = firsts.get(apiVersion);
    if (first === undefined) {
      firsts.set(apiVersion, updater);
      continue;
    }
    const bucket: ManagerName = { manager: ancient, operation: 'Update', apiVersion, subresource: '' };
    const key = identify(bucket);
    const before = capped.get(key) ?? first;
    if (!capped.has(key)) capped.delete(identify(first));
    capped.delete(identify(updater));
    const fields = union(before.fields, updater.fields);
    capped.set(key, { ...bucket, fields, time: updater.time });
    count -= 1;
  }
  return capped;
}

function malformed(message: string): ManagedFieldsError {
  return new ManagedFieldsError('malformed', message);
}
