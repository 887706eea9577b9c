/** Which nodes are meant, by their labels and names. (pkg/apis/core/validation, ValidateNodeSelector) Pure. */
import { dnsSubdomain, labelKey, labelValueOf } from '../../apiserver/objects/name-rules.ts';
import type {
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
} from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { forbiddenField, invalidValue, required } from '../field-errors.ts';
import { checkName, inList, when } from '../meta/field-checks.ts';

export function checkNodeSelector(selector: NodeSelector, field: string): readonly FieldError[] {
  const { nodeSelectorTerms: terms } = selector;
  const at = `${field}.nodeSelectorTerms`;
  if ((terms ?? []).length === 0) return [required(at, 'must have at least one node selector term')];
  return inList(terms, at, (term, place) => checkNodeSelectorTerm(term, place, true));
}

/** @param checksValues who only prefers a node may name values that no label has */
export function checkNodeSelectorTerm(
  { matchExpressions, matchFields }: NodeSelectorTerm,
  field: string,
  checksValues: boolean,
): readonly FieldError[] {
  return [
    ...inList(matchExpressions, `${field}.matchExpressions`, (requirement, at) => [
      ...checkOperator(requirement, at),
      ...checkName(labelKey, requirement.key, `${at}.key`),
      ...(checksValues ? checkValues(requirement, at) : []),
    ]),
    ...inList(matchFields, `${field}.matchFields`, checkFieldRequirement),
  ];
}

function checkValues({ values }: NodeSelectorRequirement, field: string): readonly FieldError[] {
  return inList(values, `${field}.values`, (value, at) => checkName(labelValueOf, value, at));
}

function checkOperator(requirement: NodeSelectorRequirement, field: string): readonly FieldError[] {
  const { operator, values = [] } = requirement;
  const at = `${field}.values`;
  switch (operator) {
    case 'In':
    case 'NotIn':
      return when(values.length === 0, required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
    case 'Exists':
    case 'DoesNotExist':
      return when(
        values.length > 0,
        forbiddenField(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      );
    case 'Gt':
    case 'Lt':
      return when(
        values.length !== 1,
        required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"),
      );
    default:
      return [invalidValue(`${field}.operator`, operator ?? '', 'not a valid selector operator')];
  }
}

/** The only field of a node that selects is its name. */
function checkFieldRequirement(requirement: NodeSelectorRequirement, field: string): readonly FieldError[] {
  const { key, operator, values = [] } = requirement;
  const why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
  const ofOperator =
    operator === 'In' || operator === 'NotIn'
      ? when(values.length !== 1, required(`${field}.values`, why))
      : [invalidValue(`${field}.operator`, operator ?? '', 'not a valid selector operator')];
  const ofKey =
    key === 'metadata.name'
      ? inList(values, `${field}.values`, (value, at) => checkName(dnsSubdomain, value, at))
      : [invalidValue(`${field}.key`, key ?? '', 'not a valid field selector key')];
  return [...ofOperator, ...ofKey];
}

/** Labels of nodes that have other names by now. (pkg/api/node/util.go) */
export const oldNodeLabels: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region':
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone':
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type':
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods':
    'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
};

export function warnOfNodeTerm(
  { matchExpressions = [] }: NodeSelectorTerm,
  field: string,
): readonly string[] {
  return matchExpressions.flatMap(({ key }, index) =>
    Object.hasOwn(oldNodeLabels, key)
      ? [`${field}.matchExpressions[${index}].key: ${key} is ${oldNodeLabels[key]}`]
      : [],
  );
}
