/** Who may speak for a member: nobody that was removed, and one run of its agent at a time. */
import type { DenyList } from './deny-list.ts';
import type { InstanceGuard } from './instances.ts';

export interface PeerGate {
  readonly denied: DenyList;
  readonly instances: InstanceGuard;
}
