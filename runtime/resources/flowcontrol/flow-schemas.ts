/** Flow schemas. (pkg/apis/flowcontrol, pkg/registry/flowcontrol/flowschema) Pure. */
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type {
  FlowSchema,
  FlowSchemaSpec,
} from '../../apiserver/schemas/generated/types/api-flowcontrol-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { isSame } from '../checks/fields.ts';
import { goText } from '../checks/go-syntax.ts';
import { invalidShown, invalidValue, notSupported, required } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { checkName, inList, when } from '../meta/field-checks.ts';
import { withChanged } from '../meta/fill-in.ts';
import { keepMetadata } from '../status-metadata.ts';
import { checkTypes } from './conditions.ts';
import { mandatoryFlowSchemas } from './default-objects.ts';
import { checkRule } from './flow-rules.ts';

const usualPrecedence = 1000;
const mostPrecedence = 10_000;
const methods = ['ByNamespace', 'ByUser'];

export const flowSchemas = kindStrategy<FlowSchema>({
  ...{ name: dnsSubdomain, countsGenerations: true, hasStatus: true },
  resets: { '': ['status'], status: ['metadata', 'spec'] },
  fillIn: (object) =>
    withChanged(object, {
      spec: (spec) => ({ ...spec, matchingPrecedence: spec.matchingPrecedence || usualPrecedence }),
    }),
  check: ({ metadata, spec, status }) => [
    ...(spec ? checkSpec(spec, metadata?.name ?? '') : []),
    ...keepsMandatory(metadata?.name ?? '', spec),
    ...checkTypes(status?.conditions),
  ],
  prepareStatusUpdate: keepMetadata,
  checkStatusUpdate: ({ status }) => checkTypes(status?.conditions),
});

function checkSpec(spec: FlowSchemaSpec, name: string): FieldError[] {
  const { matchingPrecedence: precedence = 0, distinguisherMethod, rules } = spec;
  const field = 'spec.matchingPrecedence';
  const method = distinguisherMethod?.type ?? '';
  const level = spec.priorityLevelConfiguration?.name ?? '';
  const atLevel = 'spec.priorityLevelConfiguration.name';
  const first = "only the schema named 'exempt' may have matchingPrecedence 1";
  return [
    ...when(precedence <= 0, invalidValue(field, precedence, 'must be a positive value')),
    ...when(
      precedence > mostPrecedence,
      invalidValue(field, precedence, `must not be greater than ${mostPrecedence}`),
    ),
    ...when(precedence === 1 && name !== 'exempt', invalidValue(field, precedence, first)),
    ...when(
      Boolean(distinguisherMethod) && !methods.includes(method),
      notSupported('spec.distinguisherMethod.type', method, methods),
    ),
    ...(level === ''
      ? [required(atLevel, 'must reference a priority level')]
      : checkName(dnsSubdomain, level, atLevel)),
    ...inList(rules, 'spec.rules', checkRule),
  ];
}

function keepsMandatory(name: string, spec: FlowSchemaSpec | undefined): readonly FieldError[] {
  const mandatory = mandatoryFlowSchemas.find(({ metadata }) => metadata?.name === name);
  const why = `spec of '${name}' must equal the fixed value`;
  const isKept = mandatory === undefined || isSame(spec, mandatory.spec);
  return when(!isKept, invalidShown('spec', goText(spec), why));
}
