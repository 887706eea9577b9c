/** What the parts of a member node share. */

import type { EnrolmentWindow } from '../config/enrolment-schema.ts';
import type { Operator } from '../config/operators-schema.ts';
import type { Replica } from '../datastore/replica.ts';
import type { Store } from '../datastore/store.ts';
import type { Log } from '../logging/log.ts';
import type { RpcLinks } from '../peers/rpc-links.ts';
import type { NodeId } from '../raft/types.ts';
import type { AddressKeeper } from './address-keeper.ts';
import type { CertificateThread } from './certificate-thread.ts';
import type { ClusterClock } from './cluster-clock.ts';
import type { EnrolmentKeeper } from './enrolment-key.ts';
import type { Identity } from './identity.ts';
import type { RemovedKeeper } from './removed-keeper.ts';
import type { SealingKeeper } from './sealing-key.ts';
import type { SettingsKeeper } from './settings-keeper.ts';

export interface MemberContext {
  readonly identity: Identity;
  readonly version: string;
  readonly clusterName: string;
  readonly clusterId: string;
  readonly sealing: SealingKeeper;
  /** The cluster's own; targets and enrolment follow them. */
  readonly settings: SettingsKeeper;
  readonly enrolment: EnrolmentWindow;
  readonly operators: readonly Operator[];
  readonly enrolmentKey: EnrolmentKeeper;
  readonly clock: ClusterClock;
  readonly certificates: CertificateThread;
  /** The beginning of the hash of the CA that has signed this node's certificate. */
  readonly ownAuthority: () => string;
  /** Which keys for the secrets of the Kubernetes API this node knows (`keysDigest`). */
  readonly knownApiKeys: () => string;
  readonly targets: { readonly voters: number; readonly standbys: number };
  readonly failureDomain: string | null;
  readonly weight: number;
  /** Where this node listens for peers. */
  readonly port: number;
  readonly replica: Replica;
  readonly store: Store;
  readonly rpc: RpcLinks;
  /** For how long no connection for consensus could be made; null when there is one, or none was tried. */
  readonly unreachableMilliseconds: (id: NodeId) => number | null;
  readonly addresses: AddressKeeper;
  /** Who was removed from the cluster. */
  readonly removed: RemovedKeeper;
  readonly log: Log;
}
