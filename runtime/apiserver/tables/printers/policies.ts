/** Rules for pods, for requests and for objects, and leases. Pure. */
import { booleanAt, isSet, listAt, numberAt, objectAt, stringAt } from '../../objects/read-path.ts';
import { compareText, conditionOf, formatSelector } from '../format.ts';
import {
  age,
  type Cell,
  type Column,
  column,
  name,
  nameOf,
  type Printer,
  printer,
  text,
} from '../printer.ts';

export const podDisruptionBudgets = printer([
  name,
  column('Min Available', (object) => amount(object, 'minAvailable'), {
    description: 'The minimum number of pods that must be available.',
  }),
  column('Max Unavailable', (object) => amount(object, 'maxUnavailable'), {
    description: 'The maximum number of pods that may be unavailable.',
  }),
  column('Allowed Disruptions', (object) => numberAt(object, 'status', 'disruptionsAllowed'), {
    type: 'integer',
    description: 'Calculated number of pods that may be disrupted at this time.',
  }),
  age,
]);

export const priorityClasses = printer([
  name,
  column('Value', (object) => numberAt(object, 'value'), { type: 'integer' }),
  column('Global-Default', (object) => booleanAt(object, 'globalDefault') ?? false, { type: 'boolean' }),
  age,
  column('PreemptionPolicy', (object) => stringAt(object, 'preemptionPolicy')),
]);

export const runtimeClasses = printer([name, text('Handler', 'handler'), age]);

export const leases = printer([name, text('Holder', 'spec.holderIdentity'), age]);

/** Validating and mutating. */
export const webhookConfigurations = printer([
  name,
  column('Webhooks', (object) => listAt(object, 'webhooks').length, {
    type: 'integer',
    description: 'Webhooks indicates the number of webhooks registered in this configuration',
  }),
  age,
]);

export const validatingAdmissionPolicies = printer([
  name,
  column('Validations', (object) => listAt(object, 'spec', 'validations').length, {
    type: 'integer',
    description: 'Validations indicates the number of validation rules defined in this configuration',
  }),
  column('ParamKind', (object) => {
    const kind = objectAt(object, 'spec', 'paramKind');
    if (!isSet(object, 'spec', 'paramKind')) return '<unset>';
    return `${stringAt(kind, 'apiVersion')}/${stringAt(kind, 'kind')}`;
  }),
  age,
]);

export const validatingAdmissionPolicyBindings = printer([
  name,
  text('PolicyName', 'spec.policyName'),
  column('ParamRef', (object) => {
    const reference = objectAt(object, 'spec', 'paramRef');
    const parameter = stringAt(reference, 'name');
    // Whether it lies in a namespace cannot be told from here.
    if (parameter !== '') return `${stringAt(reference, 'namespace') || '*'}/${parameter}`;
    return isSet(reference, 'selector') ? formatSelector(reference.selector) : '<unset>';
  }),
  age,
]);

export const flowSchemas: Printer = {
  ...printer([
    name,
    text('PriorityLevel', 'spec.priorityLevelConfiguration.name'),
    column('MatchingPrecedence', (object) => numberAt(object, 'spec', 'matchingPrecedence')),
    column(
      'DistinguisherMethod',
      (object) => stringAt(object, 'spec', 'distinguisherMethod', 'type') || '<none>',
    ),
    age,
    column('MissingPL', (object) => stringAt(conditionOf(object, 'Dangling'), 'status') || '?', {
      description: 'references a broken or non-existent PriorityLevelConfiguration',
    }),
  ]),
  // In the order in which they are asked.
  compare: (a, b) =>
    numberAt(a, 'spec', 'matchingPrecedence') - numberAt(b, 'spec', 'matchingPrecedence') ||
    compareText(nameOf(a), nameOf(b)),
};

export const priorityLevelConfigurations = printer([
  name,
  text('Type', 'spec.type'),
  limit('NominalConcurrencyShares', 'nominalConcurrencyShares'),
  limit('Queues', 'limitResponse', 'queuing', 'queues'),
  limit('HandSize', 'limitResponse', 'queuing', 'handSize'),
  limit('QueueLengthLimit', 'limitResponse', 'queuing', 'queueLengthLimit'),
  age,
]);

function limit(title: string, ...path: readonly string[]): Column {
  return column(title, (object) => {
    const limited = objectAt(object, 'spec', 'limited');
    return isSet(limited, ...path) ? numberAt(limited, ...path) : '<none>';
  });
}

/** A number or a percentage. */
function amount(budget: unknown, field: string): Cell {
  if (!isSet(budget, 'spec', field)) return 'N/A';
  return stringAt(budget, 'spec', field) || String(numberAt(budget, 'spec', field));
}
