/** Asks a webhook to convert objects. */

import { askWebhook, type ResolveService } from '../../outgoing/ask-webhook.ts';
import type { WebhookConversion } from '../../schemas/generated/types/apiextensions-v1.ts';

/** Rejects with an `Error` whose message says why. */
export type CallWebhook = (webhook: WebhookConversion, review: object) => Promise<unknown>;

const timeoutSeconds = 30;
/** What is asked is limited by what a list may hold. */
const mostBytes = 64 * 1024 * 1024;

export function webhookCaller(resolve: ResolveService): CallWebhook {
  return async ({ clientConfig, conversionReviewVersions }, review) => {
    if (!conversionReviewVersions.includes('v1'))
      throw new Error('the webhook understands no version of ConversionReview that this server does');
    const options = { timeoutSeconds, mostBytes };
    return await askWebhook(clientConfig ?? {}, resolve, review, options);
  };
}
