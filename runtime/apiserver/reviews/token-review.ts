/** Whom a token stands for: what other servers ask who were shown one. (pkg/registry/authentication/tokenreview) */
import type { Identity } from '../authentication/authenticate.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { stringAt, stringsAt } from '../objects/read-path.ts';
import { ApiError } from '../status.ts';
import { writeUser } from './self-review.ts';

export interface TokenReviewer {
  readonly ownAudiences: readonly string[];
  readonly authenticate: (token: string, audiences: readonly string[]) => Promise<Identity>;
}

/** @throws ApiError */
export async function reviewToken(object: ApiObject, reviewer: TokenReviewer): Promise<ApiObject> {
  const token = stringAt(object, 'spec', 'token');
  if (token === '') {
    throw new ApiError('BadRequest', 'token is required for TokenReview in authentication');
  }
  const named = stringsAt(object, 'spec', 'audiences');
  const identity = await reviewer.authenticate(token, named.length === 0 ? reviewer.ownAudiences : named);
  if (identity.kind === 'refused') return { ...object, status: { user: {}, error: identity.why } };
  const { user, audiences } = identity;
  return { ...object, status: { authenticated: true, user: writeUser(user), audiences } };
}
