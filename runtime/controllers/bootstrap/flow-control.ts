/**
 * What becomes of the flow schemas and priority levels that the server brings: mandatory ones are as they were made, whatever people
 * do; suggested ones as long as people do not say otherwise. (pkg/registry/flowcontrol/ensurer) Pure.
 */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { isSet, numberAt, objectAt, stringAt } from '../../apiserver/objects/read-path.ts';
import {
  mandatoryFlowSchemas,
  mandatoryPriorityLevels,
  suggestedFlowSchemas,
  suggestedPriorityLevels,
} from '../../resources/flowcontrol/default-objects.ts';
import { type ResourceName, resources } from '../client/places.ts';

export interface DefaultObject {
  readonly of: ResourceName;
  readonly object: ApiObject;
  readonly isMandatory: boolean;
}

/** Levels before the schemas that name them. */
export const flowControlDefaults: readonly DefaultObject[] = [
  ...defaultsOf(resources.priorityLevels, mandatoryPriorityLevels, true),
  ...defaultsOf(resources.priorityLevels, suggestedPriorityLevels, false),
  ...defaultsOf(resources.flowSchemas, mandatoryFlowSchemas, true),
  ...defaultsOf(resources.flowSchemas, suggestedFlowSchemas, false),
];

const autoUpdate = 'apf.kubernetes.io/autoupdate-spec';

/** @returns what to store in place of what there is; null: nothing is to be done. */
export function repairedDefault(
  { object, isMandatory }: DefaultObject,
  existing: ApiObject,
): ApiObject | null {
  const updates = isMandatory || isKeptUpToDate(existing);
  const annotations = { ...(existing.metadata.annotations as object), [autoUpdate]: String(updates) };
  const isMarked = stringAt(existing.metadata, 'annotations', autoUpdate) === String(updates);
  const isSame = !updates || says(existing.spec, object.spec);
  if (isSame && isMarked) return null;
  const spec = isSame ? existing.spec : object.spec;
  return { ...existing, metadata: { ...existing.metadata, annotations }, spec };
}

/** Without a word about it: as long as nobody has changed it. */
function isKeptUpToDate({ metadata }: ApiObject): boolean {
  const word = stringAt(metadata, 'annotations', autoUpdate);
  if (word === 'true' || word === 'false') return word === 'true';
  return numberAt(metadata, 'generation') === 1;
}

/** Whether all of `wanted` is there; what the server has filled in besides does not count. */
function says(existing: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    const list = Array.isArray(existing) ? existing : [];
    return list.length === wanted.length && wanted.every((item, index) => says(list[index], item));
  }
  if (typeof wanted !== 'object' || wanted === null) return existing === wanted;
  return Object.entries(wanted).every(([name, value]) => {
    const found = objectAt(existing)[name];
    // A zero that the server leaves out.
    return says(found, value) || (!isSet(found) && (value === 0 || value === false || value === ''));
  });
}

function defaultsOf(
  of: ResourceName,
  objects: readonly object[],
  isMandatory: boolean,
): readonly DefaultObject[] {
  return objects.map((object) => ({ of, object: object as ApiObject, isMandatory }));
}
