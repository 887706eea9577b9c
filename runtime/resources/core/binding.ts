/** `pods/binding`: a pod gets its node, once. (pkg/registry/core/pod/storage, BindingREST) Pure. */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type { Binding, Pod, PodCondition } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import { ApiError, conflict } from '../../apiserver/status.ts';

/**
 * @param now for the condition that says that it is scheduled
 * @throws ApiError for a binding that names no node, and for a pod that cannot be bound any more
 */
export function bindPod(pod: ApiObject, binding: ApiObject, now: string): ApiObject {
  const { target, metadata } = binding as unknown as Binding;
  checkTarget(target);
  const why = whyNotBound(pod, binding);
  const name = pod.metadata.name ?? '';
  if (why !== '') throw conflict({ group: '', resource: 'pods/binding' }, name, why);
  const { spec, status } = pod as unknown as Pod;
  const annotations = { ...(pod.metadata.annotations as object), ...metadata?.annotations };
  return {
    ...pod,
    metadata: Object.keys(annotations).length === 0 ? pod.metadata : { ...pod.metadata, annotations },
    spec: { ...spec, nodeName: target.name },
    status: { ...status, conditions: scheduled(status?.conditions ?? [], now) },
  };
}

function checkTarget(target: Binding['target'] | undefined): void {
  const { kind = '', name = '' } = target ?? {};
  const errors = [
    ...(kind === '' || kind === 'Node'
      ? []
      : [`target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`]),
    ...(name === '' ? ['target.name: Required value'] : []),
  ];
  if (errors.length === 0) return;
  throw new ApiError('InternalError', errors.length === 1 ? (errors[0] as string) : `[${errors.join(', ')}]`);
}

/** '': it can be. */
function whyNotBound(pod: ApiObject, binding: ApiObject): string {
  const { spec } = pod as unknown as Pod;
  const { uid = '', resourceVersion = '' } = binding.metadata;
  const { name, deletionTimestamp } = pod.metadata;
  if (uid !== '' && uid !== pod.metadata.uid) {
    return `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`;
  }
  if (resourceVersion !== '' && resourceVersion !== pod.metadata.resourceVersion) {
    return `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${pod.metadata.resourceVersion}`;
  }
  if (deletionTimestamp !== undefined) return `pod ${name} is being deleted, cannot be assigned to a host`;
  const node = spec?.nodeName ?? '';
  if (node !== '') return `pod ${name} is already assigned to node ${JSON.stringify(node)}`;
  return (spec?.schedulingGates ?? []).length === 0 ? '' : `pod ${name} has non-empty .spec.schedulingGates`;
}

function scheduled(conditions: readonly PodCondition[], now: string): readonly PodCondition[] {
  const before = conditions.find(({ type }) => type === 'PodScheduled');
  const lastTransitionTime = before?.status === 'True' ? before.lastTransitionTime : now;
  const condition = { type: 'PodScheduled', status: 'True', lastTransitionTime };
  return before === undefined
    ? [...conditions, condition]
    : conditions.map((one) => (one === before ? condition : one));
}
