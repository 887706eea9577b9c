/** What a policy is applied to, and what becomes of what it refuses. (pkg/apis/admissionregistration) Pure. */
import { dnsSubdomain, pathSegment } from '../../apiserver/objects/name-rules.ts';
import type {
  ParamRef,
  ValidatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicyBindingSpec,
} from '../../apiserver/schemas/generated/types/api-admissionregistration-v1.ts';
import type { JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { forbiddenField, invalidShown, required } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import {
  checkFilledName,
  checkFilledOneOf,
  checkName,
  checkOneOf,
  checkUnique,
  inList,
  when,
} from '../meta/field-checks.ts';
import { withChanged } from '../meta/fill-in.ts';
import { showStrings } from '../meta/go-syntax.ts';
import { checkLabelSelector } from '../meta/label-selector.ts';
import { checkMatch, fillInMatch } from './match-resources.ts';

const actions = ['Audit', 'Deny', 'Warn'];

export const validatingAdmissionPolicyBindings = kindStrategy<ValidatingAdmissionPolicyBinding>({
  ...{ name: dnsSubdomain, countsGenerations: true, hasStatus: false, needsVersion: true },
  takesPlainFinalizers: true,
  fillIn: (object) =>
    withChanged(object, { spec: (spec) => withChanged(spec, { matchResources: fillInMatch }) }),
  check: ({ spec }) => checkSpec(spec ?? {}),
});

function checkSpec(spec: ValidatingAdmissionPolicyBindingSpec): FieldError[] {
  const { policyName, paramRef, matchResources, validationActions } = spec;
  return [
    ...checkFilledName(dnsSubdomain, policyName, 'spec.policyName'),
    ...(paramRef ? checkParamRef(paramRef, 'spec.paramRef') : []),
    ...(matchResources ? checkMatch(matchResources, 'spec.matchResources') : []),
    ...checkActions(validationActions ?? [], 'spec.validationActions'),
  ];
}

function checkActions(given: readonly string[], field: string): FieldError[] {
  const both =
    'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
  const shown = showStrings(given, 'admissionregistration.ValidationAction');
  return [
    ...inList(given, field, (action, at) => checkOneOf(action, at, actions)),
    ...checkUnique(given, field, (action) => action),
    ...when(given.includes('Deny') && given.includes('Warn'), invalidShown(field, shown, both)),
    ...when(given.length === 0, required(field, 'at least one validation action is required')),
  ];
}

function checkParamRef(ref: ParamRef, field: string): FieldError[] {
  const { name = '', selector, parameterNotFoundAction } = ref;
  const both = 'name and selector are mutually exclusive';
  const isBoth = name !== '' && Boolean(selector);
  return [
    ...(name === '' ? [] : checkName(pathSegment, name, `${field}.name`)),
    ...when(isBoth, forbiddenField(`${field}.name`, both)),
    ...checkLabelSelector(selector as JsonObject | undefined, `${field}.selector`),
    ...when(isBoth, forbiddenField(`${field}.selector`, both)),
    ...when(name === '' && !selector, required(field, 'one of name or selector must be specified')),
    ...checkFilledOneOf(parameterNotFoundAction, `${field}.parameterNotFoundAction`, ['Deny', 'Allow']),
  ];
}
