/**
 * Every resource that this server knows by itself, in the order of discovery: groups and versions by the priority that
 * the real server gives them, which decides what a client takes for an ambiguous name.
 */
import { admissionRegistration } from './groups/admission-registration.ts';
import { apiExtensions } from './groups/api-extensions.ts';
import { apiRegistration } from './groups/api-registration.ts';
import { apps } from './groups/apps.ts';
import { authentication } from './groups/authentication.ts';
import { authorization } from './groups/authorization.ts';
import { autoscalingV1, autoscalingV2 } from './groups/autoscaling.ts';
import { batch } from './groups/batch.ts';
import { certificates } from './groups/certificates.ts';
import { coordination } from './groups/coordination.ts';
import { core } from './groups/core.ts';
import { discovery } from './groups/discovery.ts';
import { events } from './groups/events.ts';
import { flowControl } from './groups/flow-control.ts';
import { networking } from './groups/networking.ts';
import { node } from './groups/node.ts';
import { policy } from './groups/policy.ts';
import { rbac } from './groups/rbac.ts';
import { scheduling } from './groups/scheduling.ts';
import { storage } from './groups/storage.ts';
import type { GroupVersion, Resource } from './resource.ts';

/** The core group first; the versions of a group stand together, the preferred one first. */
export const builtInGroupVersions: readonly GroupVersion[] = [
  core,
  apiRegistration,
  apps,
  events,
  authentication,
  authorization,
  autoscalingV2,
  autoscalingV1,
  batch,
  certificates,
  networking,
  policy,
  rbac,
  storage,
  admissionRegistration,
  apiExtensions,
  scheduling,
  coordination,
  node,
  discovery,
  flowControl,
];

/** Null: there is no such resource. */
export function findResource(
  groupVersions: readonly GroupVersion[],
  {
    group,
    version,
    resource,
  }: { readonly group: string; readonly version: string; readonly resource: string },
): Resource | null {
  const found = groupVersions.find((item) => item.group === group && item.version === version);
  return found?.resources.find((item) => item.resource === resource) ?? null;
}

/** Other names for the same objects, without the resource itself: HPAs in the other version, events in the other group. */
export function equivalents(groupVersions: readonly GroupVersion[], resource: Resource): readonly Resource[] {
  return groupVersions
    .flatMap(({ resources }) => resources)
    .filter(
      (other) =>
        other !== resource && other.storage !== null && other.storage.prefix === resource.storage?.prefix,
    );
}
