/**
 * Fields of features that Kubernetes 1.32 has off by default: what a client writes there is left out, without a word.
 * (pkg/api/pod/util.go, dropDisabledFields; pkg/features) Pure.
 */
import type {
  Container,
  ContainerStatus,
  PodSpec,
  PodStatus,
  Volume,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import { each, withChanged } from '../../meta/fill-in.ts';

export function dropOffFields(spec: PodSpec): PodSpec {
  // Claims to devices, user namespaces, resources of a pod as a whole.
  const { resourceClaims: _, hostUsers: __, resources: ___, ...others } = spec;
  return withChanged<PodSpec>(others as PodSpec, {
    containers: each(dropOfContainer<Container>),
    initContainers: each(dropOfContainer<Container>),
    ephemeralContainers: each(dropOfContainer),
    volumes: each(dropOfVolume),
    securityContext: ({ supplementalGroupsPolicy: _, seLinuxChangePolicy: __, ...context }) => context,
  });
}

/** Resizing in place, and what belongs to the features above. */
export function dropOffStatus(status: PodStatus): PodStatus {
  const { resize: _, resourceClaimStatuses: __, ...others } = status;
  return withChanged<PodStatus>(others, {
    containerStatuses: each(dropOfStatus),
    initContainerStatuses: each(dropOfStatus),
    ephemeralContainerStatuses: each(dropOfStatus),
  });
}

function dropOfContainer<T extends Container>(container: T): T {
  const { resizePolicy: _, ...others } = container;
  return withChanged<Container>(others, {
    resources: ({ claims: _, ...resources }) => resources,
    // It cannot go where it once was there: the one mount that is the default is put there instead.
    securityContext: (context) =>
      context.procMount === undefined ? context : { ...context, procMount: 'Default' },
  }) as T;
}

function dropOfVolume(volume: Volume): Volume {
  return withChanged(volume, {
    projected: (source) =>
      withChanged(source, { sources: each(({ clusterTrustBundle: _, ...projection }) => projection) }),
  });
}

function dropOfStatus(status: ContainerStatus): ContainerStatus {
  const {
    allocatedResources: _,
    resources: __,
    user: ___,
    allocatedResourcesStatus: ____,
    ...others
  } = status;
  return others;
}
