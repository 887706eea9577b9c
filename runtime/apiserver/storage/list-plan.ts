/**
 * Which state a list shows, from `resourceVersion`, `resourceVersionMatch`, `limit` and `continue`, and what of them
 * contradicts itself. (kubernetes.io, "Resource versions"; k8s.io/apiserver/pkg/storage) Pure.
 */
import { ApiError, type FieldError, invalid } from '../status.ts';
import { type Continuation, decodeContinue } from './continue-token.ts';

/** As they stand in the query; '' where absent. */
export interface ListOptions {
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  readonly continue: string;
  readonly limit: string;
}

export type ListPlan =
  /** The newest state, by a linearizable read. */
  | { readonly kind: 'newest'; readonly limit: number }
  /** Whatever this node has, at once. */
  | { readonly kind: 'any'; readonly limit: number }
  /** Whatever this node has, once it has got to this revision. */
  | { readonly kind: 'notOlderThan'; readonly revision: number; readonly limit: number }
  | { readonly kind: 'exact'; readonly revision: number; readonly limit: number }
  /** The next part of a list; revision -1 stands for the newest, after the list's own was compacted. */
  | ({ readonly kind: 'continue'; readonly limit: number } & Continuation);

/** Throws `ApiError`. `limit` is 0 where there is none. */
export function planList(options: ListOptions): ListPlan {
  checkMatch(options);
  const limit = readLimit(options.limit);
  const { resourceVersion, resourceVersionMatch } = options;
  if (options.continue !== '') {
    if (resourceVersion !== '' && resourceVersion !== '0') {
      throw new ApiError('BadRequest', 'specifying resource version is not allowed when using continue');
    }
    return { kind: 'continue', limit, ...decodeContinue(options.continue) };
  }
  if (resourceVersion === '') return { kind: 'newest', limit };
  const revision = parseResourceVersion(resourceVersion);
  if (revision === 0) return { kind: 'any', limit };
  const exact = resourceVersionMatch === 'Exact' || (resourceVersionMatch === '' && limit > 0);
  return { kind: exact ? 'exact' : 'notOlderThan', revision, limit };
}

/** Reads a resource version of a query or an object. Throws `ApiError`. */
export function parseResourceVersion(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const why = /^\d+$/.test(text) ? 'value out of range' : 'invalid syntax';
  const quoted = JSON.stringify(text);
  throw new ApiError(
    'InternalError',
    `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: ${why}`,
  );
}

const matches = ['Exact', 'NotOlderThan'];

function checkMatch({ resourceVersion, resourceVersionMatch, ...options }: ListOptions): void {
  if (resourceVersionMatch === '') return;
  const errors: FieldError[] = [];
  const refuse = (why: string): void => {
    errors.push({
      reason: 'FieldValueForbidden',
      field: 'resourceVersionMatch',
      message: `Forbidden: ${why}`,
    });
  };
  if (resourceVersion === '') {
    refuse('resourceVersionMatch is forbidden unless resourceVersion is provided');
  }
  if (options.continue !== '') refuse('resourceVersionMatch is forbidden when continue is provided');
  if (!matches.includes(resourceVersionMatch)) {
    errors.push({
      reason: 'FieldValueNotSupported',
      field: 'resourceVersionMatch',
      message: `Unsupported value: ${JSON.stringify(resourceVersionMatch)}: supported values: "Exact", "NotOlderThan", ""`,
    });
  }
  if (resourceVersionMatch === 'Exact' && resourceVersion === '0') {
    refuse('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
}

function readLimit(text: string): number {
  if (text === '') return 0;
  // As the real server: a limit below zero is none.
  if (/^[+-]?\d{1,15}$/.test(text)) return Math.max(0, Number(text));
  throw new ApiError('BadRequest', `limit: Invalid value: ${JSON.stringify(text)}: not a whole number`);
}
