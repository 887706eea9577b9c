/** Beside which nodes and pods a pod wants to be. (pkg/apis/core/validation) Pure. */
import { labelKey } from '../../../apiserver/objects/name-rules.ts';
import type {
  Affinity,
  PodAffinity,
  PodAffinityTerm,
  TopologySpreadConstraint,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { JsonObject } from '../../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { duplicate, forbiddenField, invalidValue, required } from '../../field-errors.ts';
import { checkName, checkOneOf, checkOptionalOneOf, inList, when } from '../../meta/field-checks.ts';
import { checkLabelSelector } from '../../meta/label-selector.ts';
import { namespaceName } from '../../meta/names.ts';
import { checkNodeSelector, checkNodeSelectorTerm } from '../node-selector.ts';

const must = 'requiredDuringSchedulingIgnoredDuringExecution';
const should = 'preferredDuringSchedulingIgnoredDuringExecution';

export function checkAffinity(affinity: Affinity | undefined, field: string): readonly FieldError[] {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity ?? {};
  const nodes = nodeAffinity?.[must];
  const at = `${field}.nodeAffinity`;
  return [
    ...(nodes === undefined ? [] : checkNodeSelector(nodes, `${at}.${must}`)),
    ...inList(nodeAffinity?.[should], `${at}.${should}`, ({ weight, preference }, place) => [
      ...checkWeight(weight, place),
      ...checkNodeSelectorTerm(preference ?? {}, `${place}.preference`, false),
    ]),
    ...checkPodAffinity(podAffinity, `${field}.podAffinity`),
    ...checkPodAffinity(podAntiAffinity, `${field}.podAntiAffinity`),
  ];
}

function checkPodAffinity(affinity: PodAffinity | undefined, field: string): readonly FieldError[] {
  return [
    ...inList(affinity?.[must], `${field}.${must}`, checkTerm),
    ...inList(affinity?.[should], `${field}.${should}`, ({ weight, podAffinityTerm }, at) => [
      ...checkWeight(weight, at),
      ...checkTerm(podAffinityTerm, `${at}.podAffinityTerm`),
    ]),
  ];
}

function checkWeight(weight: number, field: string): readonly FieldError[] {
  const isWrong = !(weight > 0 && weight <= 100);
  return when(isWrong, invalidValue(`${field}.weight`, weight, 'must be in the range 1-100'));
}

function checkTerm(term: PodAffinityTerm, field: string): readonly FieldError[] {
  const { topologyKey = '', labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  const mismatched = new Set(mismatchLabelKeys);
  const at = `${field}.topologyKey`;
  return [
    ...checkLabelSelector(labelSelector as JsonObject | undefined, `${field}.labelSelector`),
    ...checkLabelSelector(term.namespaceSelector as JsonObject | undefined, `${field}.namespaceSelector`),
    ...(term.namespaces ?? []).flatMap((name) => checkName(namespaceName, name, `${field}.namespace`)),
    ...checkKeys(term, 'matchLabelKeys', field),
    ...checkKeys(term, 'mismatchLabelKeys', field),
    ...checkKeysInSelector(term, field),
    ...inList(matchLabelKeys, `${field}.matchLabelKeys`, (key, place) =>
      when(
        mismatched.has(key),
        invalidValue(place, key, 'exists in both matchLabelKeys and mismatchLabelKeys'),
      ),
    ),
    ...when(topologyKey === '', required(at, 'can not be empty')),
    ...checkName(labelKey, topologyKey, at),
  ];
}

function checkKeys(
  term: PodAffinityTerm,
  name: 'matchLabelKeys' | 'mismatchLabelKeys',
  field: string,
): readonly FieldError[] {
  const keys = term[name] ?? [];
  if (keys.length === 0) return [];
  const at = `${field}.${name}`;
  if (term.labelSelector === undefined) {
    return [forbiddenField(at, 'must not be specified when labelSelector is not set')];
  }
  return inList(keys, at, (key, place) => checkName(labelKey, key, place));
}

/** The server itself adds an expression for each key: there must be no other. */
function checkKeysInSelector(term: PodAffinityTerm, field: string): readonly FieldError[] {
  const { labelSelector, matchLabelKeys = [] } = term;
  const seen = new Set(Object.keys(labelSelector?.matchLabels ?? {}));
  const places = new Map(matchLabelKeys.map((key, index) => [key, index]));
  return (labelSelector?.matchExpressions ?? []).flatMap(({ key }) => {
    const index = places.get(key);
    const isDouble = index !== undefined && seen.has(key);
    seen.add(key);
    return when(
      isDouble,
      invalidValue(`${field}[${index}]`, key, 'exists in both matchLabelKeys and labelSelector'),
    );
  });
}

const actions = ['DoNotSchedule', 'ScheduleAnyway'];
const policies = ['Honor', 'Ignore'];

export function checkSpread(
  constraints: readonly TopologySpreadConstraint[] | undefined,
  field: string,
): readonly FieldError[] {
  const last = new Map(
    (constraints ?? []).map((one, index) => [`${one.topologyKey}\0${one.whenUnsatisfiable}`, index]),
  );
  return inList(constraints, field, (constraint, at, index) => {
    const { maxSkew = 0, topologyKey = '', whenUnsatisfiable: action = '', minDomains } = constraint;
    const isRepeated = (last.get(`${topologyKey}\0${action}`) ?? 0) > index;
    const only = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`;
    const hasDomains = minDomains !== undefined;
    return [
      ...when(maxSkew <= 0, invalidValue(`${at}.maxSkew`, maxSkew, 'must be greater than zero')),
      ...when(topologyKey === '', required(`${at}.topologyKey`, 'can not be empty')),
      ...checkOneOf(action, `${at}.whenUnsatisfiable`, actions),
      ...when(isRepeated, duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${action}}`)),
      ...when(
        hasDomains && minDomains <= 0,
        invalidValue(`${at}.minDomains`, minDomains, 'must be greater than zero'),
      ),
      ...when(hasDomains && action !== 'DoNotSchedule', invalidValue(`${at}.minDomains`, minDomains, only)),
      ...checkOptionalOneOf(constraint.nodeAffinityPolicy, `${at}.nodeAffinityPolicy`, policies),
      ...checkOptionalOneOf(constraint.nodeTaintsPolicy, `${at}.nodeTaintsPolicy`, policies),
      ...checkSpreadKeys(constraint, `${at}.matchLabelKeys`),
      ...checkLabelSelector(constraint.labelSelector as JsonObject | undefined, `${at}.labelSelector`),
    ];
  });
}

function checkSpreadKeys(constraint: TopologySpreadConstraint, field: string): readonly FieldError[] {
  const { labelSelector, matchLabelKeys = [] } = constraint;
  const selected = new Set([
    ...Object.keys(labelSelector?.matchLabels ?? {}),
    ...(labelSelector?.matchExpressions ?? []).map(({ key }) => key),
  ]);
  return [
    ...when(
      matchLabelKeys.length > 0 && labelSelector === undefined,
      forbiddenField(field, 'must not be specified when labelSelector is not set'),
    ),
    ...inList(matchLabelKeys, field, (key, at) => [
      ...checkName(labelKey, key, at),
      ...when(selected.has(key), invalidValue(at, key, 'exists in both matchLabelKeys and labelSelector')),
    ]),
  ];
}
