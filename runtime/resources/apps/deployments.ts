/** Deployments. (pkg/apis/apps, pkg/registry/apps/deployment) Pure. */
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type {
  Deployment,
  DeploymentSpec,
  DeploymentStrategy,
  RollingUpdateDeployment,
} from '../../apiserver/schemas/generated/types/api-apps-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { isSame, nonNegative } from '../checks/fields.ts';
import { goIntOrString, goPointer, goText, notSupportedGo } from '../checks/go-syntax.ts';
import { amountOf, atMostAll, checkIntOrPercent } from '../checks/int-or-percent.ts';
import { forbiddenField, invalidShown, invalidValue, required } from '../field-errors.ts';
import { withRaisedGeneration } from '../generation.ts';
import { kindStrategy } from '../kind.ts';
import { withChanged, withDefaults } from '../meta/fill-in.ts';
import { keepLabels } from '../status-metadata.ts';
import { checkAvailable, checkCollisions, checkReplicaStatus } from './replica-status.ts';
import {
  checkOwnSelector,
  checkReplicaTemplate,
  fillInTemplate,
  keepsSelector,
  warnOfName,
  warnOfTemplate,
} from './templates.ts';

export const deployments = kindStrategy<Deployment>({
  ...{ name: dnsSubdomain, countsGenerations: true, hasStatus: true },
  resets: { '': ['status'], status: ['spec', 'metadata.labels'] },
  fillIn: (object) => withChanged(object, { spec: fillInSpec }),
  prepareUpdate: (next, old) => withCountedAnnotations(next, old),
  check: ({ spec }) => (spec ? checkSpec(spec) : []),
  checkUpdate: (next, old) => keepsSelector(next.spec, old.spec),
  prepareStatusUpdate: keepLabels,
  checkStatusUpdate: (next, old) => [
    ...checkReplicaStatus(
      next.status,
      [
        ...(['observedGeneration', 'replicas', 'updatedReplicas', 'readyReplicas'] as const),
        ...(['availableReplicas', 'unavailableReplicas', 'collisionCount'] as const),
      ],
      ['updatedReplicas', 'readyReplicas', 'availableReplicas'],
    ),
    ...checkAvailable(next.status, 'cannot be greater than readyReplicas'),
    ...checkCollisions(next.status, old.status),
  ],
  warn: (next, old) => [
    ...(old === null ? warnOfName(next.metadata?.name) : []),
    ...warnOfTemplate(next, old),
  ],
});

function fillInSpec(spec: DeploymentSpec): DeploymentSpec {
  const filled = withDefaults<DeploymentSpec>(
    { ...spec, strategy: fillInStrategy(spec.strategy ?? {}) },
    { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 },
  );
  return withChanged(filled, { template: fillInTemplate });
}

function fillInStrategy(strategy: DeploymentStrategy): DeploymentStrategy {
  const filled = withDefaults(strategy, { type: 'RollingUpdate' });
  if (filled.type !== 'RollingUpdate') return filled;
  const defaults = { maxUnavailable: '25%', maxSurge: '25%' };
  return { ...filled, rollingUpdate: withIntOrStringDefaults(filled.rollingUpdate ?? {}, defaults) };
}

/** Empty text is a value here, though one that is refused. */
function withIntOrStringDefaults<T extends object>(object: T, defaults: Partial<T>): T {
  const set = Object.entries(object).filter(([, value]) => value !== undefined && value !== null);
  return { ...defaults, ...Object.fromEntries(set) } as T;
}

/** The controller copies annotations to its replica sets: they are part of what is wanted. */
function withCountedAnnotations(next: Deployment, old: Deployment): Deployment {
  if (isSame(next.metadata?.annotations ?? {}, old.metadata?.annotations ?? {})) return next;
  return withRaisedGeneration(next, old);
}

function checkSpec(spec: DeploymentSpec): FieldError[] {
  const { progressDeadlineSeconds, minReadySeconds = 0 } = spec;
  const deadline = 'spec.progressDeadlineSeconds';
  const isTooShort =
    typeof progressDeadlineSeconds === 'number' && progressDeadlineSeconds <= minReadySeconds;
  return [
    ...nonNegative(spec, 'spec', 'replicas'),
    ...checkOwnSelector(spec.selector, 'empty selector is invalid for deployment'),
    ...checkReplicaTemplate(spec),
    ...checkStrategy(spec.strategy ?? {}),
    ...nonNegative(spec, 'spec', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds'),
    ...(isTooShort
      ? [invalidValue(deadline, progressDeadlineSeconds, 'must be greater than minReadySeconds')]
      : []),
  ];
}

function checkStrategy(strategy: DeploymentStrategy): FieldError[] {
  const { type = '', rollingUpdate } = strategy;
  const field = 'spec.strategy.rollingUpdate';
  switch (type) {
    case 'Recreate':
      if (!rollingUpdate) return [];
      return [forbiddenField(field, "may not be specified when strategy `type` is 'Recreate'")];
    case 'RollingUpdate':
      if (rollingUpdate) return checkRollingUpdate(rollingUpdate, field);
      return [required(field, 'this should be defaulted and never be nil')];
    default: {
      const shown = `apps.DeploymentStrategy{Type:${goText(type)}, RollingUpdate:${goPointer('apps.RollingUpdateDeployment', rollingUpdate)}}`;
      return [notSupportedGo('spec.strategy', shown, ['Recreate', 'RollingUpdate'])];
    }
  }
}

function checkRollingUpdate(
  { maxUnavailable, maxSurge }: RollingUpdateDeployment,
  field: string,
): FieldError[] {
  const unavailable = `${field}.maxUnavailable`;
  const standsStill = amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0;
  const words = 'may not be 0 when `maxSurge` is 0';
  return [
    ...checkIntOrPercent(maxUnavailable, unavailable),
    ...checkIntOrPercent(maxSurge, `${field}.maxSurge`),
    ...(standsStill ? [invalidShown(unavailable, goIntOrString(maxUnavailable), words)] : []),
    ...atMostAll(maxUnavailable, unavailable),
  ];
}
