/** What all have in common that may allow a request. None of ours denies: what nobody allows is forbidden. Pure. */
import type { UserInfo } from '../authentication/user.ts';
import { groups } from '../authentication/user.ts';
import type { Attributes } from './attributes.ts';

export interface Decision {
  readonly isAllowed: boolean;
  /** By which rule; or why not, where there is more to say than that no rule allows it; else ''. */
  readonly reason: string;
}

export type Authorizer = (attributes: Attributes) => Decision;

/** The first that allows it; else what all have said. */
export function anyOf(authorizers: readonly Authorizer[]): Authorizer {
  return (attributes) => {
    const reasons: string[] = [];
    for (const authorizer of authorizers) {
      const decision = authorizer(attributes);
      if (decision.isAllowed) return decision;
      if (decision.reason !== '') reasons.push(decision.reason);
    }
    return { isAllowed: false, reason: reasons.join('\n') };
  };
}

/** Who may do anything, whatever the rules are: so a cluster whose rules are broken can be repaired. */
export const allowMasters: Authorizer = ({ user }) => ({ isAllowed: isMaster(user), reason: '' });

export function isMaster({ groups: ofUser }: UserInfo): boolean {
  return ofUser.includes(groups.masters);
}
