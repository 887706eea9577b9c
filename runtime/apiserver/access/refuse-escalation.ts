/** Escalation, asked where every write of a role or a binding passes. */
import type { UserInfo } from '../authentication/user.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import { checkEscalation } from '../authorization/escalation.ts';
import type { RbacReader } from '../authorization/rbac-index.ts';
import type { Admission } from '../handlers/admission.ts';

export interface EscalationOptions {
  /** Resolves when this node knows the rules. */
  readonly authorizer: () => Promise<Authorizer>;
  readonly reader: RbacReader;
}

/** For requests of this user. */
export function refuseEscalation(
  { authorizer, reader }: EscalationOptions,
  user: UserInfo,
): Admission['validate'] {
  return async ({ resource, subresource, namespace, object, old }) => {
    const isRules = resource.group === 'rbac.authorization.k8s.io' && subresource === '';
    if (!isRules || object === null) return;
    const context = { user, reader, authorizer: await authorizer() };
    const error = checkEscalation(context, namespace, object, old);
    if (error !== null) throw error;
  };
}
