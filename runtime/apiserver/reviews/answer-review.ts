/** All reviews by their resources: asked by create, answered at once, stored nowhere. */
import type { UserInfo } from '../authentication/user.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { RbacReader } from '../authorization/rbac-index.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { reviewAccess, reviewLocalAccess, reviewOwnAccess } from './access-review.ts';
import { reviewRules, reviewSelf } from './self-review.ts';
import { reviewToken, type TokenReviewer } from './token-review.ts';

export interface ReviewContext {
  readonly authorizer: Authorizer;
  readonly reader: RbacReader;
  readonly tokens: TokenReviewer;
  /** RFC 3339 in UTC, whole seconds. */
  readonly now: () => string;
}

export interface ReviewRequest {
  readonly resource: string;
  /** '' for all but local ones. */
  readonly namespace: string;
  /** Whoever asks, or whom they are allowed to ask as. */
  readonly user: UserInfo;
  readonly object: ApiObject;
}

/** The object with its status; null for a resource that is no review. @throws ApiError */
export async function answerReview(
  { authorizer, reader, tokens, now }: ReviewContext,
  { resource, namespace, user, object }: ReviewRequest,
): Promise<ApiObject | null> {
  switch (resource) {
    case 'tokenreviews':
      return await reviewToken(object, tokens);
    case 'selfsubjectreviews':
      return reviewSelf(object, user, now());
    case 'subjectaccessreviews':
      return reviewAccess(object, authorizer);
    case 'localsubjectaccessreviews':
      return reviewLocalAccess(object, namespace, authorizer);
    case 'selfsubjectaccessreviews':
      return reviewOwnAccess(object, user, authorizer);
    case 'selfsubjectrulesreviews':
      return reviewRules(object, user, reader);
    default:
      return null;
  }
}
