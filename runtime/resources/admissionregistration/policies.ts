/** Policies in CEL, without a webhook. (pkg/apis/admissionregistration) Pure. */
import { bool, dyn, string, type Type } from '../../apiserver/cel/types.ts';
import { dns1035Label, dnsSubdomain, labelKey } from '../../apiserver/objects/name-rules.ts';
import type {
  AuditAnnotation,
  ParamKind,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicySpec,
  Validation,
  Variable,
} from '../../apiserver/schemas/generated/types/api-admissionregistration-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { checkConditions } from '../checks/conditions.ts';
import { goText } from '../checks/go-syntax.ts';
import { invalidShown, invalidValue, required } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import {
  checkFilled,
  checkOneOf,
  checkOptionalOneOf,
  checkUnique,
  inList,
  when,
} from '../meta/field-checks.ts';
import { withChanged, withDefaults } from '../meta/fill-in.ts';
import { keepMetadata } from '../status-metadata.ts';
import { checkExpression, type Seen, typeOfExpression } from './expressions.ts';
import { checkMatchConditions } from './match-conditions.ts';
import { checkMatch, fillInMatch } from './match-resources.ts';

const mostAuditAnnotations = 20;
const longestValueExpression = 5 * 1024;
const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];
const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
const reserved = [
  ...['true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if'],
  ...['import', 'let', 'loop', 'package', 'namespace', 'return', 'var', 'void', 'while'],
];

export const validatingAdmissionPolicies = kindStrategy<ValidatingAdmissionPolicy>({
  ...{ name: dnsSubdomain, countsGenerations: true, hasStatus: true, needsVersion: true },
  resets: { '': ['status'], status: ['metadata', 'spec'] },
  takesPlainFinalizers: true,
  fillIn: (object) =>
    withChanged(object, {
      spec: (spec) =>
        withChanged(withDefaults(spec, { failurePolicy: 'Fail' }), { matchConstraints: fillInMatch }),
    }),
  check: ({ metadata, spec }) => checkSpec(spec ?? {}, metadata?.name ?? ''),
  prepareStatusUpdate: keepMetadata,
  checkStatusUpdate: ({ status }) => [
    ...inList(
      status?.typeChecking?.expressionWarnings,
      'status.typeChecking.expressionWarnings',
      ({ fieldRef, warning }, field) => [
        ...checkFilled(warning, `${field}.warning`),
        ...checkFilled((fieldRef ?? '').trim(), `${field}.fieldRef`),
      ],
    ),
    ...checkConditions(status?.conditions, 'status.conditions'),
  ],
});

function checkSpec(spec: ValidatingAdmissionPolicySpec, name: string): FieldError[] {
  const { failurePolicy, paramKind, matchConstraints: match } = spec;
  const rules = 'spec.matchConstraints.resourceRules';
  const seen = { hasParams: Boolean(paramKind), hasAuthorizer: true, variables: new Map<string, Type>() };
  return [
    ...((failurePolicy ?? null) === null
      ? [required('spec.failurePolicy')]
      : checkOneOf(failurePolicy, 'spec.failurePolicy', ['Fail', 'Ignore'])),
    ...(paramKind ? checkParamKind(paramKind, 'spec.paramKind') : []),
    ...(match ? checkMatch(match, 'spec.matchConstraints') : [required('spec.matchConstraints')]),
    ...when(Boolean(match) && (match?.resourceRules ?? []).length === 0, required(rules)),
    ...checkMatchConditions(spec.matchConditions, 'spec.matchConditions', seen),
    ...inList(spec.variables, 'spec.variables', (variable, field) => checkVariable(variable, field, seen)),
    ...checkOutcomes(spec, name, seen),
  ];
}

function checkParamKind({ apiVersion = '', kind = '' }: ParamKind, field: string): FieldError[] {
  const why = dns1035Label(kind.toLowerCase());
  const words = `may have mixed case, but should otherwise match: ${why.join(',')}`;
  return [
    ...checkApiVersion(apiVersion, `${field}.apiVersion`),
    ...(kind === ''
      ? [required(`${field}.kind`)]
      : when(why.length > 0, invalidValue(`${field}.kind`, kind, words))),
  ];
}

function checkApiVersion(apiVersion: string, field: string): readonly FieldError[] {
  if (apiVersion === '') return [required(field)];
  const parts = apiVersion.split('/');
  if (parts.length > 2) {
    return [invalidValue(field, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  }
  const [group, version] = parts.length === 2 ? (parts as [string, string]) : ['', apiVersion];
  const ofGroup = group === '' ? [] : dnsSubdomain(group);
  const ofVersion = dns1035Label(version);
  return [
    ...when(ofGroup.length > 0, invalidValue(field, group, ofGroup.join(','))),
    ...(version === ''
      ? [invalidValue(field, apiVersion, 'version must be specified')]
      : when(ofVersion.length > 0, invalidValue(field, version, ofVersion.join(',')))),
  ];
}

/** It is seen by those behind it. */
function checkVariable(
  { name = '', expression = '' }: Variable,
  field: string,
  seen: Seen & { readonly variables: Map<string, Type> },
): FieldError[] {
  const isName = identifier.test(name) && !reserved.includes(name);
  const faults = checkExpression(expression, `${field}.expression`, seen, [dyn]);
  seen.variables.set(name, typeOfExpression(expression, seen));
  return [
    ...(name.trim() === ''
      ? [required(`${field}.name`, 'name is not specified')]
      : when(!isName, invalidValue(`${field}.name`, name, 'name is not a valid CEL identifier'))),
    ...checkFilled(expression.trim(), `${field}.expression`, 'expression is not specified'),
    ...faults,
  ];
}

/** A policy that neither refuses nor records is none. */
function checkOutcomes(spec: ValidatingAdmissionPolicySpec, name: string, seen: Seen): FieldError[] {
  const [validations, annotations] = [spec.validations ?? [], spec.auditAnnotations ?? []];
  const [ofValidations, ofAnnotations] = ['spec.validations', 'spec.auditAnnotations'];
  const none = 'validations or auditAnnotations must contain at least one item';
  const many = `must not have more than ${mostAuditAnnotations} auditAnnotations`;
  if (validations.length + annotations.length === 0) {
    return [required(ofValidations, none), required(ofAnnotations, none)];
  }
  return [
    ...inList(validations, ofValidations, (validation, field) => checkValidation(validation, field, seen)),
    ...when(
      annotations.length > mostAuditAnnotations,
      invalidShown(ofAnnotations, goText(annotations), many),
    ),
    ...inList(annotations, ofAnnotations, (annotation, field) =>
      checkAuditAnnotation(annotation, name, field, seen),
    ),
    ...checkUnique(annotations, ofAnnotations, ({ key }) => key ?? '', '.key'),
  ];
}

function checkValidation(validation: Validation, field: string, seen: Seen): FieldError[] {
  const { expression = '', message = '', messageExpression = '', reason } = validation;
  const at = `${field}.message`;
  return [
    ...checkFilled(expression.trim(), `${field}.expression`, 'expression is not specified'),
    ...checkExpression(expression, `${field}.expression`, seen, [bool]),
    ...checkExpression(messageExpression, `${field}.messageExpression`, { ...seen, hasAuthorizer: false }, [
      string,
    ]),
    ...when(
      messageExpression !== '' && messageExpression.trim() === '',
      invalidValue(`${field}.messageExpression`, messageExpression, 'must be non-empty if specified'),
    ),
    ...when(
      message !== '' && message.trim() === '',
      invalidValue(at, message, 'message must be non-empty if specified'),
    ),
    ...when(/[\n\r]/.test(message.trim()), invalidValue(at, message, 'message must not contain line breaks')),
    ...checkOptionalOneOf(reason, `${field}.reason`, reasons),
  ];
}

function checkAuditAnnotation(
  { key = '', valueExpression = '' }: AuditAnnotation,
  name: string,
  field: string,
  seen: Seen,
): FieldError[] {
  const at = `${field}.valueExpression`;
  const long = `must not exceed ${longestValueExpression} bytes in length`;
  const whole = `${name}/${key}`;
  return [
    ...(name === ''
      ? [invalidValue(`${field}.key`, key, 'requires metadata.name be non-empty')]
      : labelKey(whole).map((why) => invalidValue(`${field}.key`, whole, why))),
    ...checkFilled(valueExpression.trim(), at, 'valueExpression is not specified'),
    ...checkExpression(valueExpression, at, seen, [string, { kind: 'null' }]),
    ...when(Buffer.byteLength(valueExpression.trim()) > longestValueExpression, required(at, long)),
  ];
}
