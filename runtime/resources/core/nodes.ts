/** Nodes, which register themselves with their first status. (pkg/registry/core/node, pkg/apis/core/validation) Pure. */
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type { Node, NodeSpec } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { duplicate, forbiddenField, invalidShown } from '../field-errors.ts';
import { checkRangeOfAddresses, isDualStack, readRange } from '../meta/addresses.ts';
import { checkUnique, inList, when } from '../meta/field-checks.ts';
import { showStrings } from '../meta/go-syntax.ts';
import { type Quantities, roundUpToMilli } from '../meta/quantities.ts';
import { checkNodeAnnotations } from './node-annotations.ts';
import { checkQuantity } from './resource-names.ts';
import { checkTaints } from './taints.ts';

export const nodes: Strategy = {
  name: dnsSubdomain,
  countsGenerations: false,
  hasStatus: true,
  takesFirstStatus: true,
  fillIn,
  prepareCreate: (object) => withoutOldStatus(withoutConfigSource(object)),
  prepareUpdate: withoutConfigSource,
  prepareStatusUpdate: withoutOldStatus,
  check,
  checkUpdate: (next, old) => [...checkFixed(next, old), ...checkAddresses(next as unknown as Node)],
  checkStatusUpdate: (next) => [
    ...checkNodeAnnotations(annotationsOf(next)),
    ...checkResources(next as unknown as Node),
    ...checkAddresses(next as unknown as Node),
  ],
  warn,
};

/** `podCIDR` is the first of `podCIDRs`, whichever was written. */
function fillIn(object: ApiObject): ApiObject {
  const { spec = {}, status = {} } = object as unknown as Node;
  const { podCIDR = '', podCIDRs = [] } = spec;
  const ranges = podCIDR !== '' && podCIDRs[0] !== podCIDR ? [podCIDR] : podCIDRs;
  const capacity = status.capacity && roundUpToMilli(status.capacity);
  const allocatable = status.allocatable ? roundUpToMilli(status.allocatable) : capacity;
  return {
    ...object,
    spec: ranges.length === 0 ? spec : { ...spec, podCIDR: ranges[0], podCIDRs: ranges },
    status: { ...status, ...(capacity && { capacity }), ...(allocatable && { allocatable }) },
  };
}

/** What kubelets once took their configuration from, and do not any more. */
function withoutConfigSource(object: ApiObject): ApiObject {
  const { configSource: _, ...spec } = ((object as unknown as Node).spec ?? {}) as NodeSpec;
  return { ...object, spec };
}

/** What became of that configuration, and what belongs to a feature that is off by default. */
function withoutOldStatus(object: ApiObject): ApiObject {
  const { config: _, features: __, ...status } = (object as unknown as Node).status ?? {};
  return { ...object, status };
}

function check(object: ApiObject): readonly FieldError[] {
  const node = object as unknown as Node;
  return [
    ...checkNodeAnnotations(annotationsOf(object)),
    // The real server names this field so.
    ...checkTaints(node.spec?.taints, 'metadata.taints'),
    ...checkResources(node),
    ...checkPodRanges(node.spec?.podCIDRs ?? []),
  ];
}

function annotationsOf({ metadata }: ApiObject): Readonly<Record<string, string>> {
  return (metadata.annotations ?? {}) as Readonly<Record<string, string>>;
}

function checkResources({ status }: Node): readonly FieldError[] {
  const checkAll = (quantities: Quantities | undefined, field: string) =>
    Object.entries(quantities ?? {}).flatMap(([name, quantity]) =>
      checkQuantity(name, quantity, `${field}.${name}`),
    );
  return [
    ...checkAll(status?.capacity, 'status.capacity'),
    ...checkAll(status?.allocatable, 'status.allocatable'),
  ];
}

function checkPodRanges(ranges: readonly string[]): readonly FieldError[] {
  const field = 'spec.podCIDRs';
  const families = ranges.map((range) => readRange(range)?.family);
  const isTooMany = ranges.length > 2 || (ranges.length === 2 && !isDualStack(families));
  return [
    ...inList(ranges, field, checkRangeOfAddresses),
    ...when(
      isTooMany,
      invalidShown(field, showStrings(ranges), 'may specify no more than one CIDR for each IP family'),
    ),
    ...checkUnique(ranges, field, (range) => range),
  ];
}

function checkFixed(next: ApiObject, old: ApiObject): readonly FieldError[] {
  const [after, before] = [next, old].map((node) => (node as unknown as Node).spec ?? {}) as [
    NodeSpec,
    NodeSpec,
  ];
  const ranges = before.podCIDRs ?? [];
  const hasMoved = ranges.length > 0 && ranges.join() !== (after.podCIDRs ?? []).join();
  const providerId = before.providerID ?? '';
  return [
    ...when(
      hasMoved,
      forbiddenField('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'),
    ),
    ...when(
      providerId !== '' && providerId !== after.providerID,
      forbiddenField('spec.providerID', 'node updates may not change providerID except from "" to valid'),
    ),
    ...when(
      (after.externalID ?? '') !== (before.externalID ?? ''),
      forbiddenField('spec.externalID', 'may not be updated'),
    ),
  ];
}

function checkAddresses({ status }: Node): readonly FieldError[] {
  const seen = new Set<string>();
  return inList(status?.addresses, 'status.addresses', (address, at) => {
    const key = `${address.type}\0${address.address}`;
    const isRepeated = seen.has(key);
    seen.add(key);
    return when(isRepeated, duplicate(at, address));
  });
}

function warn(object: ApiObject): readonly string[] {
  const { spec } = object as unknown as Node;
  return [
    ...(spec?.externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : []),
  ];
}
