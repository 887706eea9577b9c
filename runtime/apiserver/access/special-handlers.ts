/** The reviews, and the tokens of service accounts, as the server asks for what is no object of its resource. */

import type { Authorizer } from '../authorization/authorizer.ts';
import type { RbacReader } from '../authorization/rbac-index.ts';
import { admitCreate } from '../handlers/admit.ts';
import {
  answerWith,
  readObjectOf,
  refuseTable,
  type SpecialHandler,
  type SpecialHandlers,
} from '../handlers/special.ts';
import { answerReview } from '../reviews/answer-review.ts';
import { requestToken, type TokenIssuer } from '../reviews/token-request.ts';
import type { TokenReviewer } from '../reviews/token-review.ts';
import { ApiError } from '../status.ts';

export interface AccessHandlersOptions {
  /** Resolves when this node knows the rules. */
  readonly authorizer: () => Promise<Authorizer>;
  readonly reader: RbacReader;
  readonly tokens: TokenReviewer;
  readonly issuer: TokenIssuer;
}

const reviews: readonly (readonly [group: string, resource: string, kind: string])[] = [
  ['authentication.k8s.io', 'tokenreviews', 'TokenReview'],
  ['authentication.k8s.io', 'selfsubjectreviews', 'SelfSubjectReview'],
  ['authorization.k8s.io', 'subjectaccessreviews', 'SubjectAccessReview'],
  ['authorization.k8s.io', 'localsubjectaccessreviews', 'LocalSubjectAccessReview'],
  ['authorization.k8s.io', 'selfsubjectaccessreviews', 'SelfSubjectAccessReview'],
  ['authorization.k8s.io', 'selfsubjectrulesreviews', 'SelfSubjectRulesReview'],
];

export function accessHandlers(options: AccessHandlersOptions): SpecialHandlers {
  const answering = reviews.map(
    ([group, resource, kind]) => [`${group}/${resource}`, reviewHandler(options, group, kind)] as const,
  );
  return { ...Object.fromEntries(answering), '/serviceaccounts/token': tokenHandler(options) };
}

function reviewHandler(
  { authorizer, reader, tokens }: AccessHandlersOptions,
  group: string,
  kind: string,
): SpecialHandler {
  return async (asked) => {
    const { request, service } = asked;
    checkVerb(request.info.verb);
    refuseTable(asked);
    const { object, warnings } = readObjectOf(asked, { group, version: 'v1', kind });
    const admitted = await admitCreate(asked, object);
    await admitted.validate();
    const context = { authorizer: await authorizer(), reader, tokens, now: service.surroundings.now };
    const { resource, namespace } = request.info;
    const { user } = request;
    const answer = await answerReview(context, { resource, namespace, user, object: admitted.object });
    const said = [...warnings, ...admitted.warnings];
    return answerWith(asked, answer ?? admitted.object, { code: 201, warnings: said });
  };
}

function tokenHandler({ issuer }: AccessHandlersOptions): SpecialHandler {
  return async (asked) => {
    const { info } = asked.request;
    checkVerb(info.verb);
    refuseTable(asked);
    const kind = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
    const body = readObjectOf(asked, kind);
    const admitted = await admitCreate(asked, body.object);
    await admitted.validate();
    const issued = await requestToken(issuer, info.namespace, info.name, admitted.object);
    const warnings = [...body.warnings, ...admitted.warnings, ...issued.warnings];
    return answerWith(asked, issued.object, { code: 201, warnings });
  };
}

function checkVerb(verb: string): void {
  if (verb === 'create') return;
  const sentence = `the server does not allow this method on the requested resource: ${verb}`;
  throw new ApiError('MethodNotAllowed', sentence);
}
