/** Replica sets. (pkg/apis/apps, pkg/registry/apps/replicaset) Pure. */
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { ReplicaSet } from '../../apiserver/schemas/generated/types/api-apps-v1.ts';
import { nonNegative } from '../checks/fields.ts';
import { kindStrategy } from '../kind.ts';
import { withChanged, withDefaults } from '../meta/fill-in.ts';
import { checkAvailable, checkReplicaStatus } from './replica-status.ts';
import {
  checkOwnSelector,
  checkReplicaTemplate,
  fillInTemplate,
  keepsSelector,
  warnOfName,
  warnOfTemplate,
} from './templates.ts';

export const replicaSets = kindStrategy<ReplicaSet>({
  ...{ name: dnsSubdomain, countsGenerations: true, hasStatus: true },
  fillIn: (object) =>
    withChanged(object, {
      spec: (spec) => withChanged(withDefaults(spec, { replicas: 1 }), { template: fillInTemplate }),
    }),
  check: ({ spec }) =>
    spec
      ? [
          ...nonNegative(spec, 'spec', 'replicas', 'minReadySeconds'),
          // The real server's words speak of a deployment here, too.
          ...checkOwnSelector(spec.selector, 'empty selector is invalid for deployment'),
          ...checkReplicaTemplate(spec),
        ]
      : [],
  checkUpdate: (next, old) => keepsSelector(next.spec, old.spec),
  checkStatusUpdate: ({ status }) => [
    ...checkReplicaStatus(
      status,
      ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'],
      ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'],
    ),
    ...checkAvailable(status, 'cannot be greater than readyReplicas'),
  ],
  warn: (next, old) => [
    ...(old === null ? warnOfName(next.metadata?.name) : []),
    ...warnOfTemplate(next, old),
  ],
});
