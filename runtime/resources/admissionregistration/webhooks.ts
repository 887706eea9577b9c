/** Webhooks that are asked about requests. (pkg/apis/admissionregistration) Pure. */
import { dns1035Label, dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from '../../apiserver/schemas/generated/types/api-admissionregistration-v1.ts';
import type { JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { fullyQualifiedName } from '../checks/domain-names.ts';
import { repeated } from '../checks/fields.ts';
import { duplicate, invalidShown, invalidValue, notSupported, required } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { checkName, checkOptionalOneOf, inList, when } from '../meta/field-checks.ts';
import { each, withChanged, withDefaults } from '../meta/fill-in.ts';
import { showStrings } from '../meta/go-syntax.ts';
import { checkLabelSelector } from '../meta/label-selector.ts';
import { checkMatchConditions } from './match-conditions.ts';
import { checkRule, fillInRule } from './rules.ts';
import { checkClient, fillInClient } from './webhook-client.ts';

/** A mutating webhook is a validating one that may be asked again. */
type Webhook = MutatingWebhook;

const flags = {
  name: dnsSubdomain,
  countsGenerations: true,
  hasStatus: false,
  needsVersion: true,
  takesPlainFinalizers: true,
} as const;
const reviewVersions = ['v1', 'v1beta1'];
const sideEffectClasses = ['None', 'NoneOnDryRun'];
const usualTimeoutSeconds = 10;

export const validatingWebhookConfigurations = kindStrategy<ValidatingWebhookConfiguration>({
  ...flags,
  fillIn: (object) => withChanged(object, { webhooks: each(fillIn) }),
  check: ({ webhooks }) => checkWebhooks(webhooks),
});

export const mutatingWebhookConfigurations = kindStrategy<MutatingWebhookConfiguration>({
  ...flags,
  fillIn: (object) =>
    withChanged(object, {
      webhooks: each((webhook) => withDefaults(fillIn(webhook), { reinvocationPolicy: 'Never' })),
    }),
  check: ({ webhooks }) => checkWebhooks(webhooks),
});

function fillIn<T extends Webhook>(webhook: T): T {
  return {
    ...webhook,
    failurePolicy: webhook.failurePolicy ?? 'Fail',
    matchPolicy: webhook.matchPolicy ?? 'Equivalent',
    namespaceSelector: webhook.namespaceSelector ?? {},
    objectSelector: webhook.objectSelector ?? {},
    timeoutSeconds: webhook.timeoutSeconds ?? usualTimeoutSeconds,
    clientConfig: fillInClient(webhook.clientConfig ?? {}),
    ...(webhook.rules ? { rules: webhook.rules.map(fillInRule) } : {}),
  };
}

function checkWebhooks(webhooks: readonly Webhook[] | undefined): FieldError[] {
  const again = repeated((webhooks ?? []).map(({ name }) => name ?? ''));
  return inList(webhooks, 'webhooks', (webhook, field, index) => [
    ...checkWebhook(webhook, field),
    ...checkReviewVersions(webhook.admissionReviewVersions ?? [], `${field}.admissionReviewVersions`),
    ...when(again.has(index) && webhook.name !== '', duplicate(`${field}.name`, webhook.name)),
  ]);
}

function checkWebhook(webhook: Webhook, field: string): FieldError[] {
  const { failurePolicy, matchPolicy, reinvocationPolicy, timeoutSeconds: seconds } = webhook;
  const isLong = typeof seconds === 'number' && (seconds > 30 || seconds < 1);
  const words = 'the timeout value must be between 1 and 30 seconds';
  const { namespaceSelector, objectSelector } = webhook as unknown as JsonObject;
  return [
    ...fullyQualifiedName(webhook.name ?? '', `${field}.name`),
    ...inList(webhook.rules, `${field}.rules`, checkRule),
    ...checkOptionalOneOf(failurePolicy, `${field}.failurePolicy`, ['Fail', 'Ignore']),
    ...checkOptionalOneOf(matchPolicy, `${field}.matchPolicy`, ['Equivalent', 'Exact']),
    ...checkSideEffects(webhook.sideEffects, `${field}.sideEffects`),
    ...when(isLong, invalidValue(`${field}.timeoutSeconds`, seconds, words)),
    ...checkLabelSelector(namespaceSelector as JsonObject | undefined, `${field}.namespaceSelector`),
    ...checkLabelSelector(objectSelector as JsonObject | undefined, `${field}.objectSelector`),
    ...checkOptionalOneOf(reinvocationPolicy, `${field}.reinvocationPolicy`, ['IfNeeded', 'Never']),
    ...checkClient(webhook.clientConfig ?? {}, `${field}.clientConfig`),
    ...checkMatchConditions(webhook.matchConditions, `${field}.matchConditions`, { hasParams: false }),
  ];
}

/** Dry runs ask webhooks, too: one that leaves traces would have to be left out. */
function checkSideEffects(effects: string | undefined | null, field: string): readonly FieldError[] {
  if (effects === undefined || effects === null) {
    return [required(field, `must specify one of ${sideEffectClasses.join(', ')}`)];
  }
  return when(!sideEffectClasses.includes(effects), notSupported(field, effects, sideEffectClasses));
}

function checkReviewVersions(versions: readonly string[], field: string): FieldError[] {
  const list = reviewVersions.join(', ');
  if (versions.length === 0) return [required(field, `must specify one of ${list}`)];
  const again = repeated(versions);
  return [
    ...inList(versions, field, (version, at, index) =>
      again.has(index)
        ? [invalidValue(at, version, 'duplicate version')]
        : checkName(dns1035Label, version, at),
    ),
    ...when(
      !versions.some((version) => reviewVersions.includes(version)),
      invalidShown(field, showStrings(versions), `must include at least one of ${list}`),
    ),
  ];
}
