/** Asks a webhook that admits. */

import { askWebhook, type ResolveService } from '../../outgoing/ask-webhook.ts';
import type { WebhookClientConfig } from '../../schemas/generated/types/api-admissionregistration-v1.ts';

export interface CallTarget {
  readonly clientConfig: WebhookClientConfig;
  readonly timeoutSeconds: number;
}

/** A webhook that could not be asked. The message says why. */
export class CallError extends Error {
  override readonly name = 'CallError';
}

/** As long as a body that the server itself takes. */
const mostBytes = 3 * 1024 * 1024;

/** @returns the JSON of the answer. @throws CallError */
export async function callWebhook(
  { clientConfig, timeoutSeconds }: CallTarget,
  resolve: ResolveService,
  review: object,
): Promise<unknown> {
  try {
    return await askWebhook(clientConfig, resolve, review, { timeoutSeconds, mostBytes });
  } catch (error) {
    throw new CallError(`failed to call webhook: ${(error as Error).message}`, { cause: error });
  }
}
