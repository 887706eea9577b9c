/** How often it was found out who asks, and whether they may. (k8s.io/apiserver/pkg/endpoints/filters) */
import type { Authorizer } from '../authorization/authorizer.ts';
import type { Access } from '../http/api-server.ts';
import { type Measure, openCounter } from './measures.ts';

/** The same, counted. */
export function measureAccess(access: Access): {
  readonly access: Access;
  readonly measures: readonly Measure[];
} {
  const attempts = openCounter({
    name: 'authentication_attempts',
    help: 'Requests whose client was to be known, by what came of it.',
    labels: ['result'],
  });
  const decisions = openCounter({
    name: 'authorization_attempts_total',
    help: 'Questions whether somebody may do something, by the answer.',
    labels: ['result'],
  });
  const [success, failure, error] = ['success', 'failure', 'error'].map((result) => attempts.of(result));
  const [allowed, denied] = ['allowed', 'denied'].map((result) => decisions.of(result));
  const counted = once(
    (decide: Authorizer): Authorizer =>
      (attributes) => {
        const decision = decide(attributes);
        (decision.isAllowed ? allowed : denied)?.add();
        return decision;
      },
  );
  return {
    access: {
      ...access,
      authenticate: async (request) => {
        try {
          const identity = await access.authenticate(request);
          (identity.kind === 'refused' ? failure : success)?.add();
          return identity;
        } catch (fault) {
          error?.add();
          throw fault;
        }
      },
      authorizer: async () => counted(await access.authorizer()),
    },
    measures: [attempts, decisions],
  };
}

/** As long as it is the same, so is what is made of it. */
function once<From, To>(make: (from: From) => To): (from: From) => To {
  let known: { readonly from: From; readonly to: To } | null = null;
  return (from) => {
    if (known?.from !== from) known = { from, to: make(from) };
    return known.to;
  };
}
