/** What a container's author may leave open. (k8s.io/kubernetes/pkg/apis/core/v1/defaults.go) Pure. */
import type {
  Container,
  EnvVar,
  HTTPGetAction,
  Lifecycle,
  LifecycleHandler,
  Probe,
  ResourceRequirements,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import { each, withChanged, withDefaults } from '../../meta/fill-in.ts';
import { roundUpToMilli } from '../../meta/quantities.ts';
import { defaultPullPolicy } from './image-name.ts';

/** Also of an ephemeral container, which has the same fields. */
export function fillInContainer<T extends Container>(container: T): T {
  const filled = withDefaults<Container>(container, {
    imagePullPolicy: defaultPullPolicy(container.image ?? ''),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  });
  return withChanged<Container>(filled, {
    ports: each((port) => withDefaults(port, { protocol: 'TCP' })),
    env: each(fillInVariable),
    resources: fillInResources,
    livenessProbe: fillInProbe,
    readinessProbe: fillInProbe,
    startupProbe: fillInProbe,
    lifecycle: fillInLifecycle,
  }) as T;
}

/** Also of a claim, whose requirements have the same two lists. */
export function fillInResources<T extends Pick<ResourceRequirements, 'limits' | 'requests'>>(
  resources: T,
): T {
  return withChanged<Pick<ResourceRequirements, 'limits' | 'requests'>>(resources, {
    limits: roundUpToMilli,
    requests: roundUpToMilli,
  }) as T;
}

function fillInVariable(variable: EnvVar): EnvVar {
  return withChanged(variable, {
    valueFrom: (from) =>
      withChanged(from, { fieldRef: (selector) => withDefaults(selector, { apiVersion: 'v1' }) }),
  });
}

function fillInProbe(probe: Probe): Probe {
  const filled = withDefaults(probe, {
    ...{ timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 },
  });
  return withChanged(filled, {
    httpGet: fillInHttpGet,
    grpc: (action) => withDefaults(action, { service: '' }),
  });
}

function fillInLifecycle(lifecycle: Lifecycle): Lifecycle {
  const fillIn = (handler: LifecycleHandler) => withChanged(handler, { httpGet: fillInHttpGet });
  return withChanged(lifecycle, { postStart: fillIn, preStop: fillIn });
}

function fillInHttpGet(action: HTTPGetAction): HTTPGetAction {
  return withDefaults(action, { path: '/', scheme: 'HTTP' });
}
