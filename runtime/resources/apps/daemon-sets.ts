/** Daemon sets. (pkg/apis/apps, pkg/registry/apps/daemonset) Pure. */
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type {
  DaemonSet,
  DaemonSetSpec,
  DaemonSetUpdateStrategy,
  RollingUpdateDaemonSet,
} from '../../apiserver/schemas/generated/types/api-apps-v1.ts';
import type { JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { isSame, nonNegative } from '../checks/fields.ts';
import { goIntOrString, goPointer, goSelector, goText, notSupportedGo } from '../checks/go-syntax.ts';
import { amountOf, atMostAll, checkIntOrPercent } from '../checks/int-or-percent.ts';
import { isEmptySelector, selects } from '../checks/selection.ts';
import { invalidShown, required } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { withChanged, withDefaults } from '../meta/fill-in.ts';
import { checkLabelSelector } from '../meta/label-selector.ts';
import { checkCollisions } from './replica-status.ts';
import {
  checkRunsForever,
  checkSharedDisks,
  checkTemplate,
  fillInTemplate,
  keepsSelector,
  labelsDiffer,
  warnOfTemplate,
} from './templates.ts';

export const daemonSets = kindStrategy<DaemonSet>({
  ...{ name: dnsSubdomain, countsGenerations: true, hasStatus: true },
  fillIn: (object) => withChanged(object, { spec: fillInSpec }),
  prepareCreate: (object) => withTemplateGeneration(object, Math.max(1, templateGenerationOf(object))),
  prepareUpdate: (next, old) => {
    const isChanged = !isSame(next.spec?.template, old.spec?.template);
    return withTemplateGeneration(next, templateGenerationOf(old) + (isChanged ? 1 : 0));
  },
  check: ({ spec }) => (spec ? checkSpec(spec) : []),
  checkUpdate: (next, old) => keepsSelector(next.spec, old.spec),
  checkStatusUpdate: (next, old) => [
    ...nonNegative(
      next.status,
      'status',
      ...(['currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady'] as const),
      ...(['observedGeneration', 'updatedNumberScheduled', 'numberAvailable'] as const),
      ...(['numberUnavailable', 'collisionCount'] as const),
    ),
    ...checkCollisions(next.status, old.status),
  ],
  warn: (next, old) => warnOfTemplate(next, old),
});

/** Once a field of the spec; it lives on as an annotation that only the server writes. */
const templateGeneration = 'deprecated.daemonset.template.generation';

function templateGenerationOf({ metadata }: DaemonSet): number {
  const text = metadata?.annotations?.[templateGeneration] ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

function withTemplateGeneration(object: DaemonSet, generation: number): DaemonSet {
  const { [templateGeneration]: _, ...others } = object.metadata?.annotations ?? {};
  const own = generation > 0 ? { [templateGeneration]: String(generation) } : {};
  return { ...object, metadata: { ...object.metadata, annotations: { ...own, ...others } } };
}

function fillInSpec(spec: DaemonSetSpec): DaemonSetSpec {
  const filled = withDefaults<DaemonSetSpec>(
    { ...spec, updateStrategy: fillInStrategy(spec.updateStrategy ?? {}) },
    { revisionHistoryLimit: 10 },
  );
  return withChanged(filled, { template: fillInTemplate });
}

function fillInStrategy(strategy: DaemonSetUpdateStrategy): DaemonSetUpdateStrategy {
  const filled = withDefaults(strategy, { type: 'RollingUpdate' });
  if (filled.type !== 'RollingUpdate') return filled;
  const { maxUnavailable, maxSurge, ...others } = filled.rollingUpdate ?? {};
  const rollingUpdate = { ...others, maxUnavailable: maxUnavailable ?? 1, maxSurge: maxSurge ?? 0 };
  return { ...filled, rollingUpdate };
}

function checkSpec(spec: DaemonSetSpec): FieldError[] {
  const { selector, template } = spec;
  const words = 'empty selector is invalid for daemonset';
  return [
    ...checkLabelSelector(selector as JsonObject | undefined, 'spec.selector'),
    ...(selects(selector, template?.metadata?.labels) === false
      ? [labelsDiffer(template, 'spec.template')]
      : []),
    ...(selector && isEmptySelector(selector)
      ? [invalidShown('spec.selector', goSelector(selector), words)]
      : []),
    ...checkTemplate(template, 'spec.template'),
    ...checkSharedDisks(template, 'spec.template.spec.volumes'),
    ...checkRunsForever(template, 'spec.template.spec', 'DaemonSet'),
    ...nonNegative(spec, 'spec', 'minReadySeconds'),
    ...checkStrategy(spec.updateStrategy ?? {}),
    ...nonNegative(spec, 'spec', 'revisionHistoryLimit'),
  ];
}

function checkStrategy({ type = '', rollingUpdate }: DaemonSetUpdateStrategy): FieldError[] {
  const field = 'spec.updateStrategy';
  switch (type) {
    case 'OnDelete':
      return [];
    case 'RollingUpdate':
      if (!rollingUpdate) return [required(`${field}.rollingUpdate`)];
      return checkRollingUpdate(rollingUpdate, `${field}.rollingUpdate`);
    default: {
      const shown = `apps.DaemonSetUpdateStrategy{Type:${goText(type)}, RollingUpdate:${goPointer('apps.RollingUpdateDaemonSet', rollingUpdate)}}`;
      return [notSupportedGo(field, shown, ['RollingUpdate', 'OnDelete'])];
    }
  }
}

/** A pod more or a pod less while a node changes over: one of both. */
function checkRollingUpdate(
  { maxUnavailable, maxSurge }: RollingUpdateDaemonSet,
  field: string,
): FieldError[] {
  const [unavailable, surge] = [`${field}.maxUnavailable`, `${field}.maxSurge`];
  const [hasUnavailable, hasSurge] = [amountOf(maxUnavailable) !== 0, amountOf(maxSurge) !== 0];
  const both = 'may not be set when maxUnavailable is non-zero';
  return [
    ...checkIntOrPercent(maxUnavailable, unavailable),
    ...checkIntOrPercent(maxSurge, surge),
    ...atMostAll(maxUnavailable, unavailable),
    ...atMostAll(maxSurge, surge),
    ...(hasUnavailable && hasSurge ? [invalidShown(surge, goIntOrString(maxSurge), both)] : []),
    ...(hasUnavailable || hasSurge ? [] : [required(unavailable, 'cannot be 0 when maxSurge is 0')]),
  ];
}
