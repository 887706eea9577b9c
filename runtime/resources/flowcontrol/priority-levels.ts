/** Priority levels. (pkg/apis/flowcontrol, pkg/registry/flowcontrol/prioritylevelconfiguration) Pure. */
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type {
  ExemptPriorityLevelConfiguration,
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from '../../apiserver/schemas/generated/types/api-flowcontrol-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { isSame } from '../checks/fields.ts';
import { goText } from '../checks/go-syntax.ts';
import { forbiddenField, invalidShown, invalidValue, notSupported, required } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { when } from '../meta/field-checks.ts';
import { withChanged } from '../meta/fill-in.ts';
import { keepMetadata } from '../status-metadata.ts';
import { checkTypes } from './conditions.ts';
import { mandatoryPriorityLevels } from './default-objects.ts';

const mostQueues = 10_000_000;
/** A flow's queues are dealt out of one hash of so many bits. */
const hashBits = 60;
const usualShares = 30;

export const priorityLevels = kindStrategy<PriorityLevelConfiguration>({
  ...{ name: dnsSubdomain, countsGenerations: true, hasStatus: true },
  resets: { '': ['status'], status: ['metadata', 'spec'] },
  fillIn: (object) =>
    withChanged(object, {
      spec: (spec) =>
        withChanged(spec, {
          limited: (limited) => ({ ...withShares(limited, usualShares), ...fillInResponse(limited) }),
          exempt: (exempt) => withShares(exempt, 0),
        }),
    }),
  check: ({ metadata, spec, status }) => [
    ...(spec ? checkSpec(spec, metadata?.name ?? '') : []),
    ...keepsMandatory(metadata?.name ?? '', spec),
    ...checkTypes(status?.conditions),
  ],
  prepareStatusUpdate: keepMetadata,
  checkStatusUpdate: ({ status }) => checkTypes(status?.conditions),
});

function withShares<T extends ExemptPriorityLevelConfiguration>(level: T, usual: number): T {
  const { nominalConcurrencyShares: shares, lendablePercent } = level;
  return { ...level, nominalConcurrencyShares: shares ?? usual, lendablePercent: lendablePercent ?? 0 };
}

function fillInResponse({
  limitResponse,
}: LimitedPriorityLevelConfiguration): LimitedPriorityLevelConfiguration {
  if (!limitResponse) return {};
  const queuing = (queues: QueuingConfiguration): QueuingConfiguration => ({
    ...queues,
    queues: queues.queues || 64,
    handSize: queues.handSize || 8,
    queueLengthLimit: queues.queueLengthLimit || 50,
  });
  return { limitResponse: withChanged<LimitResponse>(limitResponse, { queuing }) };
}

function checkSpec(spec: PriorityLevelConfigurationSpec, name: string): FieldError[] {
  const { type = '' } = spec;
  const words = "type must be 'Exempt' if and only if name is 'exempt'";
  const fits = (name === 'exempt') === (type === 'Exempt');
  return [...when(!fits, invalidValue('spec.type', type, words)), ...checkType(spec, type)];
}

function checkType({ limited, exempt }: PriorityLevelConfigurationSpec, type: string): readonly FieldError[] {
  switch (type) {
    case 'Exempt':
      return [
        ...when(Boolean(limited), forbiddenField('spec.limited', 'must be nil if the type is not Limited')),
        ...(exempt ? checkShares(exempt, 'spec.exempt') : []),
      ];
    case 'Limited':
      return [
        ...when(Boolean(exempt), forbiddenField('spec.exempt', 'must be nil if the type is Limited')),
        ...(limited
          ? checkLimited(limited, 'spec.limited')
          : [required('spec.limited', 'must not be empty when type is Limited')]),
      ];
    default:
      return [notSupported('spec.type', type, ['Exempt', 'Limited'])];
  }
}

function checkShares(
  { nominalConcurrencyShares: shares = 0, lendablePercent: percent = 0 }: ExemptPriorityLevelConfiguration,
  field: string,
): FieldError[] {
  const words = 'must be between 0 and 100, inclusive';
  return [
    ...when(
      shares < 0,
      invalidValue(`${field}.nominalConcurrencyShares`, shares, 'must be a non-negative integer'),
    ),
    ...when(percent < 0 || percent > 100, invalidValue(`${field}.lendablePercent`, percent, words)),
  ];
}

function checkLimited(limited: LimitedPriorityLevelConfiguration, field: string): FieldError[] {
  const borrowed = limited.borrowingLimitPercent ?? 0;
  const words = 'if specified, must be a non-negative integer';
  return [
    ...checkShares(limited, field),
    ...checkResponse(limited.limitResponse ?? { type: '' }, `${field}.limitResponse`),
    ...when(borrowed < 0, invalidValue(`${field}.borrowingLimitPercent`, borrowed, words)),
  ];
}

function checkResponse({ type = '', queuing }: LimitResponse, field: string): readonly FieldError[] {
  const at = `${field}.queuing`;
  switch (type) {
    case 'Reject':
      return when(
        Boolean(queuing),
        forbiddenField(at, 'must be nil if limited.limitResponse.type is not Limited'),
      );
    case 'Queue':
      if (queuing) return checkQueues(queuing, at);
      return [required(at, 'must not be empty if limited.limitResponse.type is Limited')];
    default:
      return [notSupported(`${field}.type`, type, ['Queue', 'Reject'])];
  }
}

function checkQueues(
  { queues = 0, handSize = 0, queueLengthLimit = 0 }: QueuingConfiguration,
  field: string,
): FieldError[] {
  const positive = 'must be positive';
  const hand = checkHand(queues, handSize);
  return [
    ...when(queueLengthLimit <= 0, invalidValue(`${field}.queueLengthLimit`, queueLengthLimit, positive)),
    ...when(queues <= 0, invalidValue(`${field}.queues`, queues, positive)),
    ...when(
      queues > mostQueues,
      invalidValue(`${field}.queues`, queues, `must not be greater than ${mostQueues}`),
    ),
    ...(hand === null ? [] : [invalidValue(`${field}.handSize`, handSize, hand)]),
  ];
}

function checkHand(queues: number, handSize: number): string | null {
  if (handSize <= 0) return 'must be positive';
  if (handSize > queues) return `should not be greater than queues (${queues})`;
  if (Math.ceil(Math.log2(queues) * handSize) <= hashBits) return null;
  return `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${hashBits}`;
}

/** Of the exempt level only its shares may be changed. */
function keepsMandatory(
  name: string,
  spec: PriorityLevelConfigurationSpec | undefined,
): readonly FieldError[] {
  const mandatory = mandatoryPriorityLevels.find(({ metadata }) => metadata?.name === name);
  if (mandatory === undefined) return [];
  const isExempt = name === 'exempt';
  const { exempt, ...others } = spec ?? { type: '' };
  const { exempt: _, ...fixed } = mandatory.spec ?? { type: '' };
  const isKept = isExempt ? isSame(others, fixed) : isSame(spec, mandatory.spec);
  const words = isExempt ? "except the 'spec.exempt' field must equal" : 'must equal';
  return when(!isKept, invalidShown('spec', goText(spec), `spec of '${name}' ${words} the fixed value`));
}
