/** What the author of a service may leave open. (pkg/apis/core/v1/defaults.go) Pure. */
import type { ApiObject } from '../../../apiserver/objects/object-bytes.ts';
import type {
  Service,
  ServicePort,
  ServiceSpec,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import { each, withChanged, withDefaults } from '../../meta/fill-in.ts';

/** Three hours. */
const affinitySeconds = 10800;

export function fillInService(object: ApiObject): ApiObject {
  const { spec = {}, status } = object as unknown as Service;
  const filled = fillInSpec(spec);
  const ingress = filled.type === 'LoadBalancer' ? status?.loadBalancer?.ingress : undefined;
  if (ingress === undefined) return { ...object, spec: filled };
  const fillInIngress = ingress.map((one) => (one.ip ? withDefaults(one, { ipMode: 'VIP' }) : one));
  return {
    ...object,
    spec: filled,
    status: { ...status, loadBalancer: { ...status?.loadBalancer, ingress: fillInIngress } },
  };
}

/** Whether packets for it come from outside the cluster. */
export function isReachedFromOutside({ type, externalIPs }: ServiceSpec): boolean {
  const hasAddress = type === 'ClusterIP' && (externalIPs ?? []).length > 0;
  return type === 'LoadBalancer' || type === 'NodePort' || hasAddress;
}

function fillInSpec(given: ServiceSpec): ServiceSpec {
  const spec = withDefaults(given, { type: 'ClusterIP', sessionAffinity: 'None' });
  const isBalanced = spec.type === 'LoadBalancer';
  const isInCluster = isBalanced || spec.type === 'ClusterIP' || spec.type === 'NodePort';
  const filled = withDefaults<ServiceSpec>(fillInAffinity(spec), {
    externalTrafficPolicy: isReachedFromOutside(spec) ? 'Cluster' : undefined,
    internalTrafficPolicy: isInCluster ? 'Cluster' : undefined,
    allocateLoadBalancerNodePorts: isBalanced ? true : undefined,
  });
  return withChanged(filled, { ports: each(fillInPort) });
}

function fillInAffinity(spec: ServiceSpec): ServiceSpec {
  const { sessionAffinityConfig, ...others } = spec;
  if (spec.sessionAffinity === 'None') return others;
  if (spec.sessionAffinity !== 'ClientIP') return spec;
  if (sessionAffinityConfig?.clientIP?.timeoutSeconds !== undefined) return spec;
  return { ...others, sessionAffinityConfig: { clientIP: { timeoutSeconds: affinitySeconds } } };
}

function fillInPort(port: ServicePort): ServicePort {
  const target = port.targetPort === 0 || port.targetPort === '' ? undefined : port.targetPort;
  return withDefaults({ ...port, targetPort: target ?? port.port }, { protocol: 'TCP' });
}
