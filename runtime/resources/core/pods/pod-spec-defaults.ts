/** What the author of a pod, or of a template for pods, may leave open. (pkg/apis/core/v1/defaults.go) Pure. */
import type { Container, PodSpec } from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import { each, withChanged, withDefaults } from '../../meta/fill-in.ts';
import { roundUpToMilli } from '../../meta/quantities.ts';
import { fillInVolume } from '../volumes/volume-defaults.ts';
import { fillInContainer } from './container-defaults.ts';
import { dropOffFields } from './dropped-fields.ts';

export function fillInPodSpec(spec: PodSpec): PodSpec {
  // Two names of one field: the older one only counts where the newer is not there, and follows it.
  const account = spec.serviceAccountName || spec.serviceAccount;
  const filled = withDefaults<PodSpec>(spec, {
    ...{ dnsPolicy: 'ClusterFirst', restartPolicy: 'Always', securityContext: {} },
    ...{ terminationGracePeriodSeconds: 30, schedulerName: 'default-scheduler' },
  });
  const named = account ? { ...filled, serviceAccountName: account, serviceAccount: account } : filled;
  return withChanged<PodSpec>(dropOffFields(named), {
    volumes: each(fillInVolume),
    initContainers: each(fillInContainer<Container>),
    containers: each(fillInContainer<Container>),
    ephemeralContainers: each(fillInContainer),
    overhead: roundUpToMilli,
  });
}

/** What only a pod gets, so that templates stay as they were written. */
export function fillInSpecOfPod(spec: PodSpec): PodSpec {
  const fillIn = (container: Container): Container =>
    requestsFromLimits(spec.hostNetwork === true ? withHostPorts(container) : container);
  const filled = fillInPodSpec(withDefaults(spec, { enableServiceLinks: true }));
  return withChanged(filled, { containers: each(fillIn), initContainers: each(fillIn) });
}

function requestsFromLimits(container: Container): Container {
  const { limits, requests } = container.resources ?? {};
  if (limits === undefined) return container;
  return { ...container, resources: { ...container.resources, requests: { ...limits, ...requests } } };
}

/** On the node's own network there is no other port. */
function withHostPorts(container: Container): Container {
  return withChanged(container, {
    ports: each((port) => ((port.hostPort ?? 0) === 0 ? { ...port, hostPort: port.containerPort } : port)),
  });
}
