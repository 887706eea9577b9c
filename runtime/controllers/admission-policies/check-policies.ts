/**
 * Says in the status of every ValidatingAdmissionPolicy what is wrong with its expressions, once for each generation.
 * (pkg/controller/validatingadmissionpolicystatus)
 */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { numberAt } from '../../apiserver/objects/read-path.ts';
import type { ExpressionWarning } from '../../apiserver/schemas/generated/types/api-admissionregistration-v1.ts';
import { keyOf, placeIn, resources } from '../client/places.ts';
import { perform, type Write } from '../client/writes.ts';
import type { ControllerContext } from '../controller-context.ts';
import { runController } from '../machinery/controller.ts';

/** Holds the expressions of a policy against the kinds that it is about. */
export type CheckPolicy = (policy: ApiObject) => Promise<readonly ExpressionWarning[]>;

export interface ObservedPolicy {
  /** null where there is none any more, or its status is of this generation */
  readonly policy: ApiObject | null;
  readonly warnings: readonly ExpressionWarning[];
}

const controllerName = 'validatingadmissionpolicy-status-controller';

export function planPolicyStatus({ policy, warnings }: ObservedPolicy): readonly Write[] {
  if (policy === null) return [];
  const { name = '', generation } = policy.metadata;
  const body = {
    ...{ kind: 'ValidatingAdmissionPolicy', apiVersion: 'admissionregistration.k8s.io/v1' },
    metadata: { name },
    status: {
      observedGeneration: generation,
      typeChecking: warnings.length === 0 ? {} : { expressionWarnings: warnings },
    },
  };
  const place = { ...placeIn(resources.admissionPolicies, { name }), subresource: 'status' };
  return [{ kind: 'patch', place, patch: { kind: 'apply', force: true, body } }];
}

export function runPolicyChecks(context: ControllerContext, check: CheckPolicy): void {
  const client = context.clientOf(controllerName);
  const policies = context.informers.of(resources.admissionPolicies);
  runController(
    {
      name: 'admission policy types',
      sources: [{ informer: policies, keysOf: (policy) => (isChecked(policy) ? [] : [keyOf(policy)]) }],
      observe: async (key): Promise<ObservedPolicy> => {
        const policy = policies.lister.byKey(key);
        if (policy === null || isChecked(policy)) return { policy: null, warnings: [] };
        return { policy, warnings: await check(policy) };
      },
      plan: planPolicyStatus,
      act: (write: Write) => perform(client, write),
    },
    context,
  );
}

function isChecked(policy: ApiObject): boolean {
  return numberAt(policy, 'metadata', 'generation') <= numberAt(policy, 'status', 'observedGeneration');
}
