/** What a client is told that a webhook refuses, or that cannot be asked. (k8s.io/apiserver/pkg/admission/plugin/webhook/errors) */
import { objectAt, stringAt } from '../../objects/read-path.ts';
import { ApiError, type Status } from '../../status.ts';

/** A webhook may choose code and reason itself. */
class Denial extends ApiError {
  readonly #code: number;
  readonly #result: Readonly<Record<string, unknown>>;

  constructor(message: string, code: number, result: Readonly<Record<string, unknown>>) {
    super('Forbidden', message);
    this.#code = code;
    this.#result = result;
  }

  override get code(): number {
    return this.#code;
  }

  override toStatus(): Status {
    const { reason: _, details: __, ...status } = super.toStatus();
    const [reason, details] = [stringAt(this.#result, 'reason'), objectAt(this.#result, 'details')];
    return {
      ...status,
      ...(reason === '' ? {} : { reason }),
      ...(Object.keys(details).length === 0 ? {} : { details }),
      code: this.#code,
    };
  }
}

const [leastCode, mostCode] = [400, 599];

/** @param result `metav1.Status`, as far as the webhook says one */
export function denied(webhook: string, result: Readonly<Record<string, unknown>>): ApiError {
  const head = `admission webhook ${JSON.stringify(webhook)} denied the request`;
  const why = [stringAt(result, 'message'), stringAt(result, 'reason')].find((text) => text !== '');
  const given = Number(result.code ?? 0);
  const code = Number.isInteger(given) && given >= leastCode && given <= mostCode ? given : leastCode;
  return new Denial(why === undefined ? `${head} without explanation` : `${head}: ${why}`, code, result);
}

export function callFailed(webhook: string, why: string): ApiError {
  const sentence = `failed calling webhook ${JSON.stringify(webhook)}: ${why}`;
  return new ApiError('InternalError', `Internal error occurred: ${sentence}`, {
    causes: [{ message: sentence }],
  });
}

export function noDryRun(webhook: string): ApiError {
  return new ApiError('BadRequest', `admission webhook ${JSON.stringify(webhook)} does not support dry run`);
}
