/**
 * ValidatingAdmissionPolicy and its bindings: policies in CEL that need no server of their own.
 * (k8s.io/apiserver/pkg/admission/plugin/policy/validating)
 */
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { ApiObject } from '../../objects/object-bytes.ts';
import type { Resource } from '../../resources/resource.ts';
import type {
  MatchResources,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../schemas/generated/types/api-admissionregistration-v1.ts';
import { ApiError, type StatusReason } from '../../status.ts';
import { bindingsOf, createExpressions, type Expressions, newBudget } from '../expressions/expressions.ts';
import { type Asked, type Plugin, refuse } from '../plugin.ts';
import type { Reads } from '../reads.ts';
import { matchesNamespace } from '../webhooks/match-namespace.ts';
import { isExempt, matchesSelector, matchRules } from '../webhooks/match-rules.ts';
import { type Complaint, decide } from './decide.ts';
import { type FindParams, paramsOf } from './params.ts';

export interface PolicyOptions {
  readonly reads: Reads;
  readonly authorizer: () => Promise<Authorizer>;
  /** The same objects in other versions. */
  readonly equivalents: (resource: Resource) => readonly Resource[];
  readonly findParams: FindParams;
}

/** Questions without which nothing works, and which expressions see none of. (pkg/kubeapiserver/admission/exclusion) */
function isReview({ resource: { group, resource } }: Asked): boolean {
  return reviews.has(`${resource}.${group}`);
}

const reviews: ReadonlySet<string> = new Set([
  ...['selfsubjectreviews.authentication.k8s.io', 'tokenreviews.authentication.k8s.io'],
  ...[
    'localsubjectaccessreviews',
    'selfsubjectaccessreviews',
    'selfsubjectrulesreviews',
    'subjectaccessreviews',
  ].map((resource) => `${resource}.authorization.k8s.io`),
]);

interface Bound {
  readonly policy: ValidatingAdmissionPolicy;
  readonly binding: ValidatingAdmissionPolicyBinding;
}

export function admissionPolicies(options: PolicyOptions): Plugin {
  const expressions = createExpressions();
  return {
    validate: async (asked) => {
      if (isExempt(asked) || isReview(asked)) return;
      const bound = await boundPolicies(options, asked);
      if (bound.length === 0) return;
      const complaints = await Promise.all(
        bound.map((one) => complaintsOf(options, expressions, asked, one)),
      );
      report(asked, complaints.flat());
    },
  };
}

async function boundPolicies(options: PolicyOptions, asked: Asked): Promise<readonly Bound[]> {
  const { reads } = options;
  const bindings = (await reads.list('policyBindings', '')) as unknown as ValidatingAdmissionPolicyBinding[];
  if (bindings.length === 0) return [];
  const policies = (await reads.list('policies', '')) as unknown as ValidatingAdmissionPolicy[];
  const found: Bound[] = [];
  for (const policy of policies) {
    if (!(await isAbout(options, policy.spec?.matchConstraints, asked))) continue;
    for (const binding of bindings) {
      if (binding.spec?.policyName !== policy.metadata?.name) continue;
      const { matchResources } = binding.spec ?? {};
      if (matchResources === undefined || (await isAbout(options, matchResources, asked))) {
        found.push({ policy, binding });
      }
    }
  }
  return found;
}

/** A binding that names no resources is about those of its policy. */
async function isAbout(
  { reads, equivalents }: PolicyOptions,
  match: MatchResources | undefined,
  asked: Asked,
): Promise<boolean> {
  const { resourceRules = [], excludeResourceRules = [], matchPolicy = 'Equivalent' } = match ?? {};
  const others = matchPolicy === 'Equivalent' ? equivalents(asked.resource) : [];
  if (matchRules(excludeResourceRules, asked, others) !== null) return false;
  if (resourceRules.length > 0 && matchRules(resourceRules, asked, others) === null) return false;
  const labelled = [asked.object, asked.old].filter((one) => one !== null);
  const selects = ({ metadata }: ApiObject): boolean =>
    matchesSelector(match?.objectSelector, metadata?.labels ?? {});
  if (labelled.length > 0 && !labelled.some(selects)) return false;
  return await matchesNamespace(reads, match?.namespaceSelector, asked);
}

async function complaintsOf(
  options: PolicyOptions,
  expressions: Expressions,
  asked: Asked,
  { policy, binding }: Bound,
): Promise<readonly Complaint[]> {
  const { reads, authorizer, findParams } = options;
  const namespace = asked.namespace === '' ? null : await reads.get('namespaces', '', asked.namespace);
  const bindings = bindingsOf(asked, await authorizer(), namespace);
  const params = await paramsOf(findParams, asked, policy, binding);
  const isStrict = policy.spec?.failurePolicy !== 'Ignore';
  if (params.kind === 'failed') {
    const complaint = { policy, binding, reason: 'Invalid', message: params.why, index: 0 } as const;
    return isStrict ? [complaint] : [];
  }
  const budget = newBudget();
  return params.all.flatMap((one) =>
    decide(expressions, policy, { ...bindings, params: one }, { budget, annotate: asked.annotate }).map(
      (said) => ({
        ...said,
        policy,
        binding,
      }),
    ),
  );
}

const reasons: Readonly<Record<string, StatusReason>> = {
  Unauthorized: 'Unauthorized',
  Forbidden: 'Forbidden',
  RequestEntityTooLarge: 'RequestEntityTooLarge',
};

function report(asked: Asked, complaints: readonly Complaint[]): void {
  const acts = ({ binding }: Complaint, action: string): boolean =>
    binding.spec?.validationActions?.includes(action) === true;
  for (const complaint of complaints.filter((one) => acts(one, 'Warn'))) {
    const [policy, binding] = namesOf(complaint);
    asked.warn(
      `Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${binding}': ${complaint.message}`,
    );
  }
  const noted = complaints
    .filter((one) => acts(one, 'Audit'))
    .map(({ message, ...one }) => {
      const [policy, binding] = namesOf({ ...one, message });
      const validationActions = one.binding.spec?.validationActions ?? [];
      return { message, policy, binding, expressionIndex: one.index, validationActions };
    });
  if (noted.length > 0) {
    asked.annotate('validation.policy.admission.k8s.io/validation_failure', JSON.stringify(noted));
  }
  const denied = complaints.find((one) => acts(one, 'Deny'));
  if (denied === undefined) return;
  const [policy, binding] = namesOf(denied);
  const why = `ValidatingAdmissionPolicy '${policy}' with binding '${binding}' denied request: ${denied.message}`;
  const { message, details } = refuse(asked, why);
  throw new ApiError(reasons[denied.reason] ?? 'Invalid', message, {
    ...details,
    causes: [{ message: why }],
  });
}

function namesOf({ policy, binding }: Complaint): readonly [string, string] {
  return [policy.metadata?.name ?? '', binding.metadata?.name ?? ''];
}
