/** Stateful sets. (pkg/apis/apps, pkg/registry/apps/statefulset) Pure. */

import { dnsSubdomain, labelKey } from '../../apiserver/objects/name-rules.ts';
import type {
  StatefulSet,
  StatefulSetSpec,
  StatefulSetUpdateStrategy,
} from '../../apiserver/schemas/generated/types/api-apps-v1.ts';
import type {
  PersistentVolumeClaim,
  PodTemplateSpec,
} from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { isSame, nonNegative, notBelowZero } from '../checks/fields.ts';
import { goPointer, goSelector, goText } from '../checks/go-syntax.ts';
import { selects } from '../checks/selection.ts';
import { warnOfClaimSpec } from '../core/volumes/claim-spec.ts';
import { forbiddenField, invalidShown, invalidValue, required } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { checkOptionalOneOf } from '../meta/field-checks.ts';
import { each, withChanged, withDefaults } from '../meta/fill-in.ts';
import { checkLabels } from '../meta/label-selector.ts';
import { checkAvailable, checkCollisions, checkReplicaStatus } from './replica-status.ts';
import {
  checkOwnSelector,
  checkRunsForever,
  fillInTemplate,
  labelsDiffer,
  warnOfTemplate,
} from './templates.ts';

export const statefulSets = kindStrategy<StatefulSet>({
  ...{ name: dnsSubdomain, countsGenerations: true, hasStatus: true },
  fillIn: (object) => withChanged(object, { spec: fillInSpec }),
  prepareCreate: withoutMaxUnavailable,
  prepareUpdate: (next, old) =>
    old.spec?.updateStrategy?.rollingUpdate?.maxUnavailable === undefined
      ? withoutMaxUnavailable(next)
      : next,
  check: ({ spec }) => (spec ? checkSpec(spec) : []),
  checkUpdate: checkUnchanged,
  checkStatusUpdate: (next, old) => [
    ...checkReplicaStatus(
      next.status,
      [
        ...(['replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas'] as const),
        ...(['availableReplicas', 'observedGeneration', 'collisionCount'] as const),
      ],
      ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
    ),
    ...checkAvailable(next.status, 'cannot be greater than status.readyReplicas'),
    ...checkCollisions(next.status, old.status),
  ],
  warn: (next, old) => [
    ...warnOfTemplate(next, old),
    ...(next.spec?.volumeClaimTemplates ?? []).flatMap(({ spec }, index) =>
      // After a change the real server names the field so.
      warnOfClaimSpec(spec ?? {}, `spec.volumeClaimTemplates[${index}]${old === null ? '' : '.Spec'}`),
    ),
    ...((next.spec?.revisionHistoryLimit ?? 0) < 0 ? [keepsAllRevisions] : []),
  ],
});

const keepsAllRevisions =
  'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended';

function fillInSpec(spec: StatefulSetSpec): StatefulSetSpec {
  const { persistentVolumeClaimRetentionPolicy: retention, updateStrategy } = spec;
  const filled = withDefaults<StatefulSetSpec>(
    {
      ...spec,
      updateStrategy: fillInStrategy(updateStrategy ?? {}),
      persistentVolumeClaimRetentionPolicy: withDefaults(retention ?? {}, {
        ...{ whenDeleted: 'Retain', whenScaled: 'Retain' },
      }),
    },
    { podManagementPolicy: 'OrderedReady', replicas: 1, revisionHistoryLimit: 10 },
  );
  return withChanged(filled, { template: fillInTemplate, volumeClaimTemplates: each(fillInClaim) });
}

function fillInStrategy(strategy: StatefulSetUpdateStrategy): StatefulSetUpdateStrategy {
  const filled =
    (strategy.type ?? '') === '' ? { rollingUpdate: {}, ...strategy, type: 'RollingUpdate' } : strategy;
  if (filled.type !== 'RollingUpdate') return filled;
  return withChanged(filled, { rollingUpdate: (rolling) => withDefaults(rolling, { partition: 0 }) });
}

function fillInClaim(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  return {
    ...{ kind: 'PersistentVolumeClaim', apiVersion: 'v1' },
    ...withChanged(claim, { spec: (spec) => withDefaults(spec, { volumeMode: 'Filesystem' }) }),
    status: withDefaults(claim.status ?? {}, { phase: 'Pending' }),
  };
}

/** An alpha of 1.32 that is off. */
function withoutMaxUnavailable(object: StatefulSet): StatefulSet {
  return withChanged(object, {
    spec: (spec) =>
      withChanged(spec, {
        updateStrategy: (strategy) =>
          withChanged(strategy, { rollingUpdate: ({ maxUnavailable: _, ...others }) => others }),
      }),
  });
}

function checkSpec(spec: StatefulSetSpec): FieldError[] {
  const { podManagementPolicy: management = '', selector, template, ordinals } = spec;
  const { whenDeleted, whenScaled } = spec.persistentVolumeClaimRetentionPolicy ?? {};
  const retention = 'spec.persistentVolumeClaimRetentionPolicy';
  return [
    ...checkManagement(management),
    ...checkStrategy(spec.updateStrategy ?? {}),
    ...checkOptionalOneOf(whenDeleted ?? '', `${retention}.whenDeleted`, ['Retain', 'Delete']),
    ...checkOptionalOneOf(whenScaled ?? '', `${retention}.whenScaled`, ['Retain', 'Delete']),
    ...nonNegative(spec, 'spec', 'replicas', 'minReadySeconds'),
    ...notBelowZero(ordinals?.start, 'spec.ordinals.start'),
    ...checkOwnSelector(selector, 'empty selector is invalid for statefulset'),
    ...checkTemplateOfSet(selector, template),
    ...checkRunsForever(template, 'spec.template.spec', 'StatefulSet'),
  ];
}

function checkManagement(policy: string): FieldError[] {
  const field = 'spec.podManagementPolicy';
  if (policy === '') return [required(field)];
  if (policy === 'OrderedReady' || policy === 'Parallel') return [];
  return [invalidValue(field, policy, "must be 'OrderedReady' or 'Parallel'")];
}

function checkStrategy({ type = '', rollingUpdate }: StatefulSetUpdateStrategy): FieldError[] {
  const field = 'spec.updateStrategy';
  switch (type) {
    case '':
      return [required(field)];
    case 'OnDelete': {
      if (!rollingUpdate) return [];
      const shown = `apps.RollingUpdateStatefulSetStrategy{Partition:${rollingUpdate.partition ?? 0}, MaxUnavailable:(*intstr.IntOrString)(nil)}`;
      const words = "only allowed for updateStrategy 'RollingUpdate'";
      return [invalidShown(`${field}.rollingUpdate`, shown, words)];
    }
    case 'RollingUpdate':
      return nonNegative(rollingUpdate, `${field}.rollingUpdate`, 'partition');
    default: {
      const pointer = goPointer('apps.RollingUpdateStatefulSetStrategy', rollingUpdate);
      const shown = `apps.StatefulSetUpdateStrategy{Type:${goText(type)}, RollingUpdate:${pointer}}`;
      return [invalidShown(field, shown, "must be 'RollingUpdate' or 'OnDelete'")];
    }
  }
}

/** Pods get volumes from claims that the template does not have, so that the real server leaves its spec to the pods. */
function checkTemplateOfSet(
  selector: StatefulSetSpec['selector'] | undefined,
  template: PodTemplateSpec | undefined,
): FieldError[] {
  const { labels = {}, annotations = {} } = template?.metadata ?? {};
  const matches = selects(selector, labels);
  if (matches === null) return [invalidShown('spec.selector', goSelector(selector), '')];
  const field = 'spec.template';
  return [
    ...(matches ? [] : [labelsDiffer(template, field)]),
    ...checkLabels(labels, `${field}.labels`),
    ...Object.keys(annotations).flatMap((key) =>
      labelKey(key.toLowerCase()).map((why) => invalidValue(`${field}.annotations`, key, why)),
    ),
  ];
}

function checkUnchanged(next: StatefulSet, old: StatefulSet): FieldError[] {
  if (isSame(fixedPart(next.spec), fixedPart(old.spec))) return [];
  return [
    forbiddenField(
      'spec',
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ),
  ];
}

function fixedPart(spec: StatefulSetSpec | undefined): unknown {
  const changeable = [
    ...['replicas', 'ordinals', 'template', 'updateStrategy'],
    ...['persistentVolumeClaimRetentionPolicy', 'minReadySeconds'],
  ];
  return Object.fromEntries(Object.entries(spec ?? {}).filter(([name]) => !changeable.includes(name)));
}
