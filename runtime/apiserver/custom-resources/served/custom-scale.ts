/** `scale` of a custom resource: where it says its replicas and its selector are. (…/registry/customresource/etcd.go) Pure. */
import type { ScaleView } from '../../handlers/served-kind.ts';
import type { ApiObject } from '../../objects/object-bytes.ts';
import { objectAt } from '../../objects/read-path.ts';
import type { CustomResourceSubresourceScale } from '../../schemas/generated/types/apiextensions-v1.ts';
import { isObject, type JsonObject, type JsonValue, setOwn } from '../../schemas/protobuf/json-value.ts';
import { ApiError, type FieldError, invalid } from '../../status.ts';
import { invalidAt } from '../schema/faults.ts';

const mostReplicas = 2 ** 31 - 1;

export function customScale(scale: CustomResourceSubresourceScale): ScaleView {
  const { specReplicasPath, statusReplicasPath, labelSelectorPath = '' } = scale;
  return {
    read: (object) => {
      const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
      const known = { name, namespace, uid, resourceVersion, creationTimestamp };
      const replicas = valueAt(object, specReplicasPath);
      const selector = labelSelectorPath === '' ? undefined : valueAt(object, labelSelectorPath);
      if (replicas === undefined) {
        const why = `Internal error occurred: the spec replicas field ${JSON.stringify(specReplicasPath)} does not exist`;
        throw new ApiError('InternalError', why);
      }
      return {
        ...{ kind: 'Scale', apiVersion: 'autoscaling/v1' },
        metadata: Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
        spec: { replicas: Number(replicas) },
        status: {
          replicas: Number(valueAt(object, statusReplicasPath) ?? 0),
          ...(typeof selector === 'string' && selector !== '' ? { selector } : {}),
        },
      };
    },
    write: (object, wanted) => {
      const replicas = Number(objectAt(wanted, 'spec').replicas ?? 0);
      if (!Number.isInteger(replicas) || replicas < 0) {
        const error = invalidAt('spec.replicas', replicas, 'must be greater than or equal to 0');
        throw invalid({ group: 'autoscaling', kind: 'Scale' }, object.metadata.name ?? '', [error]);
      }
      const { resourceVersion: _, ...metadata } = object.metadata;
      const { resourceVersion } = wanted.metadata;
      const named = resourceVersion === undefined ? metadata : { ...metadata, resourceVersion };
      const written = withValue(object as JsonObject, stepsOf(specReplicasPath), replicas);
      return { ...written, metadata: named } as unknown as ApiObject;
    },
  };
}

function stepsOf(path: string): readonly string[] {
  return path.replace(/^\./, '').split('.');
}

function valueAt(object: unknown, path: string): unknown {
  let value: unknown = object;
  for (const step of stepsOf(path)) {
    if (!isObject(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value ?? undefined;
}

function withValue(
  object: JsonObject,
  [step = '', ...rest]: readonly string[],
  value: JsonValue,
): JsonObject {
  const next: JsonObject = { ...object };
  const below = Object.hasOwn(object, step) ? object[step] : undefined;
  setOwn(next, step, rest.length === 0 ? value : withValue(isObject(below) ? below : {}, rest, value));
  return next;
}

/** What a handler of `scale` would stumble over. @param part the one that is written */
export function checkScale(
  scale: CustomResourceSubresourceScale,
  object: ApiObject,
  part: 'spec' | 'status',
): readonly FieldError[] {
  const path = part === 'spec' ? scale.specReplicasPath : scale.statusReplicasPath;
  const replicas = valueAt(object, path) ?? 0;
  const selector = valueAt(object, scale.labelSelectorPath ?? '') ?? '';
  const wrong = (why: string): FieldError[] => [invalidAt(path, replicas, why)];
  const ofReplicas =
    typeof replicas !== 'number' || !Number.isInteger(replicas)
      ? [
          invalidAt(
            path,
            0,
            `${path} accessor error: ${String(replicas)} is of the type ${typeof replicas}, expected int64`,
          ),
        ]
      : replicas < 0
        ? wrong('should be a non-negative integer')
        : replicas > mostReplicas
          ? wrong(`should be less than or equal to ${mostReplicas}`)
          : [];
  if (part === 'spec' || typeof selector === 'string') return ofReplicas;
  const why = `${scale.labelSelectorPath} accessor error: ${String(selector)} is of the type ${typeof selector}, expected string`;
  return [...ofReplicas, invalidAt(scale.labelSelectorPath ?? '', '', why)];
}
