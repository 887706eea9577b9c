/** How a definition's versions become one another. Pure. */
import { dns1035Label } from '../../apiserver/objects/name-rules.ts';
import type {
  CustomResourceConversion,
  WebhookConversion,
} from '../../apiserver/schemas/generated/types/apiextensions-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { checkClient } from '../admissionregistration/webhook-client.ts';
import { forbiddenField, invalidValue, required } from '../field-errors.ts';
import { checkFilledOneOf, inList, when } from '../meta/field-checks.ts';

const known = ['v1', 'v1beta1'];

export function checkConversion(conversion: CustomResourceConversion | undefined): readonly FieldError[] {
  if (!conversion) return [];
  const field = 'spec.conversion';
  const { strategy, webhook } = conversion;
  const ofStrategy = checkFilledOneOf(strategy, `${field}.strategy`, ['None', 'Webhook']);
  if (strategy === 'Webhook') return [...ofStrategy, ...checkWebhook(webhook)];
  const why = 'should not be set when strategy is not set to Webhook';
  return [
    ...ofStrategy,
    ...when((webhook?.clientConfig ?? null) !== null, forbiddenField(`${field}.webhookClientConfig`, why)),
    ...when(
      (webhook?.conversionReviewVersions ?? []).length > 0,
      forbiddenField(`${field}.conversionReviewVersions`, why),
    ),
  ];
}

function checkWebhook(webhook: WebhookConversion | undefined): readonly FieldError[] {
  const client = 'spec.conversion.webhookClientConfig';
  const { clientConfig } = webhook ?? {};
  const ofClient = clientConfig
    ? checkClient(clientConfig, client)
    : [required(client, 'required when strategy is set to Webhook')];
  return [...ofClient, ...checkVersions(webhook?.conversionReviewVersions ?? [])];
}

function checkVersions(versions: readonly string[]): readonly FieldError[] {
  const field = 'spec.conversion.conversionReviewVersions';
  if (versions.length === 0) return [required(field)];
  const seen = new Set<string>();
  return [
    ...inList(versions, field, (version, at) => {
      if (seen.has(version)) return [invalidValue(at, version, 'duplicate version')];
      seen.add(version);
      return dns1035Label(version).map((why) => invalidValue(at, version, why));
    }),
    ...when(
      !versions.some((version) => known.includes(version)),
      invalidValue(field, versions, `must include at least one of ${known.join(', ')}`),
    ),
  ];
}
