/**
 * The local administration protocol: one JSON object a line, over the unix socket and over a hypervisor's
 * console device. A console has no connections and may carry noise, so every answer names its request, and
 * lines that are not JSON or name no known request are skipped.
 */

export interface AdminRequest {
  readonly id: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export type AdminAnswer =
  | { readonly id: string; readonly result: unknown }
  | { readonly id: string; readonly error: { readonly code: string; readonly message: string } }
  /** One item of a stream (`kv.watch`); the stream ends with a result or an error. */
  | { readonly id: string; readonly event: unknown };

/** The longest line either side accepts, in bytes. */
export const longestLineBytes = 8 * 1024 * 1024;

export type NodeRole = 'voter' | 'standby' | 'spare';

/** What `trivet status --json` prints; `revision` and indexes are those of the datastore. */
export interface ClusterStatus {
  readonly clusterName: string;
  /** null until the node is a member. */
  readonly clusterId: string | null;
  readonly highAvailability: boolean;
  /** How many nodes may fail at once without stopping the cluster. */
  readonly survives: number;
  /** When not highly available: why, and what to do. */
  readonly reason: string | null;
  /** The leader's node id. */
  readonly leader: string | null;
  readonly revision: number;
  readonly nodes: readonly NodeStatus[];
  /** The node that answers. */
  readonly self: {
    readonly id: string;
    readonly name: string;
    /** SHA-256 of its public key (SPKI), 64 hexadecimal digits, of which the id is the beginning; older versions say none. */
    readonly fingerprint?: string;
    /**
     * `waiting`: nobody has said yet which cluster this machine belongs to. `removed`, `copy`: its cluster refuses it, since
     * it was removed or another machine has its identity.
     */
    readonly state: 'waiting' | 'blank' | 'member' | 'removed' | 'copy';
  };
  /** What most nodes' clocks say, in milliseconds since 1970; null from one that does not lead. Older versions do not say. */
  readonly time?: number | null;
  /** Things a person should know and act on, in full sentences. */
  readonly warnings: readonly string[];
  /** The system that runs on this machine; null where it is no image of Trivet. Others in the cluster do not tell it. */
  readonly system?: SystemStatus | null;
}

/** The versions of the system in the machine's two slots (`update.status`). */
export interface SystemStatus {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly target: string;
  readonly keys: 'development' | 'operator';
  /** What runs; null when that cannot be told. */
  readonly slot: 'a' | 'b' | null;
  readonly state: 'good' | 'trial' | 'unknown';
  readonly other: {
    readonly slot: 'a' | 'b';
    readonly state: 'empty' | 'good' | 'trial' | 'failed';
    readonly version: string | null;
  } | null;
  /** How the last try to install ended, since the machine started. */
  readonly lastUpdate: { readonly ok: boolean; readonly message: string } | null;
  /** What of this could not be read. */
  readonly problem: string | null;
}

/** What `system.reset` answers; nothing was done unless `done`. */
export interface ResetAnswer {
  readonly done: boolean;
  readonly plan: {
    /** What has to be confirmed with. */
    readonly name: string;
    readonly losses: readonly string[];
    /** Whether the cluster goes on without this machine, in a full sentence. */
    readonly quorum: string;
  };
}

/** What `join` answers at its end. What it sends before, a line of progress each: `{ text }`. */
export interface JoinAnswer {
  readonly clusterName: string;
  readonly clusterId: string;
  readonly nodeId: string;
  /** It was a member before. */
  readonly already: boolean;
}

/** What `settings` answers: the cluster's own, by the full names of their fields. */
export interface SettingsAnswer {
  readonly settings: readonly {
    readonly key: string;
    readonly value: unknown;
    /** Null where the node that answers, the leader, does not know the setting. */
    readonly takes: 'now' | 'nextStart' | null;
  }[];
}

/** What `nodes.enrolment` answers. */
export interface EnrolmentAnswer {
  /** Why the enrolment secret admits no further machine, in a sentence without its end; null while it does. */
  readonly closed: string | null;
  /** Whether a machine needs a voucher beside the secret. */
  readonly vouchers: boolean;
  /** Machines that the secret has admitted since enrolment was opened. */
  readonly admitted: number;
  /** Machines that know the secret and wait for a person. */
  readonly applicants: readonly {
    readonly id: string;
    readonly name: string;
    readonly address: string;
    /** As the machine says; null when it has none. */
    readonly serial: string | null;
    readonly approved: boolean;
    /** Of the cluster's own time. */
    readonly waitingSeconds: number;
  }[];
}

/** What `token` answers. */
export interface TokensAnswer {
  /** The one that was just made: the only time that it is shown. */
  readonly created: { readonly token: string; readonly id: string; readonly expiresInSeconds: number } | null;
  readonly tokens: readonly {
    readonly id: string;
    readonly role: 'voter' | 'spare';
    /** The node that came with it; null while it is unused. */
    readonly usedBy: string | null;
    /** Of the cluster's own time; 0 when it has expired. */
    readonly expiresInSeconds: number;
  }[];
}

/** What `vouchers` answers. */
export interface VouchersAnswer {
  /** The batch that was just taken over. */
  readonly claimed: string | null;
  /** Of the batches whose vouchers admit machines; where there is none, the enrolment secret does. */
  readonly keys: readonly { readonly key: string; readonly fingerprint: string }[];
  /** Those that were used or refused, and all of the batches that were taken over. */
  readonly vouchers: readonly {
    readonly id: string;
    readonly name: string | null;
    readonly serial: string | null;
    readonly state: 'never seen' | 'used' | 'refused';
    readonly usedBy: string | null;
    /** null where it is no member any more. */
    readonly usedByName: string | null;
  }[];
}

/** What `ca` answers. */
export interface AuthorityAnswer {
  /** The beginning of the SHA-256 of the CA's certificate, as tokens name it. */
  readonly authority: string;
  /** While it takes another's place: the nodes that have no certificate of it yet; else null. */
  readonly waitingFor: readonly string[] | null;
}

/** What `api-keys` answers. */
export interface ApiKeysAnswer {
  /** The id of the key that encrypts Secrets. */
  readonly secrets: string;
  /** How many earlier ones are kept, to read what is encrypted with them. */
  readonly earlier: number;
  /** While another is to take over: the nodes that do not know it yet; else null. */
  readonly waitingFor: readonly string[] | null;
}

/** What a node says of itself to an operator, who judges by it whether it is of a cluster that is known (`hello`). */
export interface OperatorHello {
  readonly clusterName: string;
  /** null until it is a member. */
  readonly clusterId: string | null;
  readonly name: string;
  /** The cluster's CAs in PEM, the present one first; empty until it is a member. */
  readonly ca: string;
  /** What each CA has said of the one that took its place: certificates in PEM, the newest last. */
  readonly history: string;
}

/** What an operator gets for its key (`certificate`). */
export interface OperatorCertificate {
  readonly clusterName: string;
  /** The name that the configuration gives to the key. */
  readonly operator: string;
  /** PEM, and behind it what makes it good for those who know only the CA before. */
  readonly certificate: string;
  readonly caCertificate: string;
}

export interface NodeStatus {
  readonly id: string;
  readonly name: string;
  /** Where its peers find it, with a port. */
  readonly address: string;
  /** Addresses that its machine has, as far as the leader was told; older versions do not say. */
  readonly hosts?: readonly string[];
  readonly role: NodeRole;
  readonly online: boolean;
  readonly appliedIndex: number;
  /** Log entries the node is behind the leader. */
  readonly lag: number;
  readonly version: string;
  /** What the node fails together with; null when its configuration does not say. */
  readonly failureDomain: string | null;
  /** Lower is promoted first, higher demoted first. */
  readonly weight: number;
}

export interface NodeInfo {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly bootUptimeSeconds: number;
  readonly memory: {
    readonly totalBytes: number;
    readonly availableBytes: number;
    readonly agentResidentBytes: number;
  };
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
  readonly createRevision: number;
  readonly modifyRevision: number;
  readonly version: number;
}

/** Splits a byte stream into lines; `onLine` gets each without its end. Lines over the limit are dropped. */
export class LineSplitter {
  #pending = '';
  #dropping = false;
  readonly #onLine: (line: string) => void;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: string): void {
    this.#pending += chunk;
    let end = this.#pending.indexOf('\n');
    while (end >= 0) {
      const line = this.#pending.slice(0, end).replace(/\r$/, '');
      this.#pending = this.#pending.slice(end + 1);
      if (!this.#dropping && line !== '') this.#onLine(line);
      this.#dropping = false;
      end = this.#pending.indexOf('\n');
    }
    if (this.#pending.length > longestLineBytes) {
      this.#pending = '';
      this.#dropping = true;
    }
  }
}
