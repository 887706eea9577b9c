/**
 * Whether this node may go on alone after a lost quorum, and what would be lost: a pure decision over what it can see.
 * Never while there is a leader, and not on a node that is behind another one that still answers.
 */
export interface RecoveryObservation {
  readonly clusterName: string;
  readonly clusterId: string;
  readonly self: { readonly id: string; readonly name: string };
  readonly leader: string | null;
  /** Everybody in the roster but this node. `log` is null for those that do not answer. */
  readonly others: readonly {
    readonly name: string;
    readonly role: 'voter' | 'standby' | 'spare';
    readonly log: LogEnd | null;
  }[];
  readonly log: LogEnd;
  /** Whether it can read the Secrets that it holds, if it holds any. */
  readonly knowsApiKeys: boolean;
}

export interface LogEnd {
  readonly term: number;
  readonly index: number;
}

export interface RecoveryPlan {
  readonly clusterName: string;
  readonly clusterId: string;
  /** Why it must not be done, and what to do instead; null when it may. */
  readonly refusal: string | null;
  /** The last log entry this node has; what came after it, if anything, is lost. */
  readonly log: LogEnd;
  readonly notReachable: readonly string[];
  readonly warnings: readonly string[];
}

export function planRecovery(observation: RecoveryObservation): RecoveryPlan {
  const { clusterName, clusterId, others, log, knowsApiKeys } = observation;
  const notReachable = others.filter((other) => other.log === null).map(({ name }) => name);
  const names = notReachable.length > 0 ? notReachable.join(', ') : 'none';
  return {
    clusterName,
    clusterId,
    log,
    notReachable,
    refusal: findRefusal(observation),
    warnings: [
      `Writes that were confirmed by nodes that do not answer (${names}) and had not reached this node are lost for good.`,
      'This node becomes the only voter of a new cluster. Members of the old one that come back give up what they hold, set it aside, and join the new one.',
      'Writes that this node has, but nobody was told of, may appear.',
      'Do it on one node only: two nodes that do this become two clusters.',
      ...(knowsApiKeys
        ? []
        : [
            'This node does not know the keys that the Secrets of the Kubernetes API are encrypted with: they would be lost. Voters know them: recover on one that was, if there is one.',
          ]),
    ],
  };
}

function findRefusal({ leader, others, log, clusterName }: RecoveryObservation): string | null {
  if (leader !== null)
    return `The cluster "${clusterName}" has a leader (${leader}) and works: there is nothing to recover.`;
  if (log.index === 0)
    return 'This node holds no data (it is a spare, or new): recover on a node that was a voter or a standby.';
  const newer = others.find((other) => other.log !== null && isNewer(other.log, log));
  if (newer)
    return `${newer.name} answers and has newer data (entry ${newer.log?.index}, this node ${log.index}): recover there.`;
  const answering = others.filter((other) => other.role === 'voter' && other.log !== null).length;
  const voters = others.filter((other) => other.role === 'voter').length + 1;
  if (answering + 1 > voters / 2)
    return `${answering + 1} of ${voters} voters answer: they are enough to elect a leader, which takes seconds. Try again when this does not pass.`;
  return null;
}

function isNewer(a: LogEnd, b: LogEnd): boolean {
  return a.term > b.term || (a.term === b.term && a.index > b.index);
}
