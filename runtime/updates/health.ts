/**
 * Whether a version on trial is good, as a pure function of what can be seen of the agent. What counts is what the
 * version can be blamed for: a cluster that cannot be reached may be the network's fault, and the older version would
 * not reach it either.
 */

import type { ClusterStatus } from '../admin/protocol.ts';

/** One look at the agent. */
export interface HealthLook {
  /** Null while nobody answers. */
  readonly agent: {
    /** Since it was started. */
    readonly uptimeSeconds: number;
    /** `waiting`: the image has no cluster yet. */
    readonly state: ClusterStatus['self']['state'];
    readonly seesLeader: boolean;
    /** Of the cluster's voters, so many can be reached from here, itself included. */
    readonly votersOnline: number;
    readonly voters: number;
  } | null;
  /** Network devices that are there, the loopback left out. */
  readonly networkDevices: number;
}

/** How the machine was under the version before; null when nobody noted it. */
export interface HealthBefore {
  readonly wasMember: boolean;
  readonly networkDevices: number;
}

/** An agent that has run for so long without a restart has opened its data and its ports. */
export const stableSeconds = 15;

export type HealthVerdict =
  | { readonly kind: 'healthy'; readonly why: string }
  /** `why` is what is missing, as a clause. */
  | { readonly kind: 'unhealthy'; readonly why: string }
  /** Not healthy, and not this version's fault as far as can be seen. */
  | { readonly kind: 'notToBlame'; readonly why: string };

/** Before the time is up only `healthy` ends the wait; afterwards `notToBlame` counts as good. */
export function judgeHealth(look: HealthLook, before: HealthBefore | null): HealthVerdict {
  const { agent, networkDevices } = look;
  if (agent === null) return unhealthy('the agent does not answer');
  if (agent.uptimeSeconds < stableSeconds) {
    return unhealthy(`the agent has not run for ${stableSeconds} s without a restart`);
  }
  if (before !== null && before.networkDevices > 0 && networkDevices === 0) {
    return unhealthy('this version finds no network device, and the one before did');
  }
  if (agent.state !== 'member') {
    return before?.wasMember === true
      ? unhealthy('the machine was a member of its cluster before the update and is none now')
      : { kind: 'healthy', why: 'the agent runs, and the machine was in no cluster before' };
  }
  if (agent.seesLeader) return { kind: 'healthy', why: 'the agent runs and is in touch with its cluster' };
  const quorum = Math.floor(agent.voters / 2) + 1;
  if (agent.votersOnline >= quorum) {
    return unhealthy(
      `${agent.votersOnline} of ${agent.voters} voters can be reached, which is enough, and there is no leader`,
    );
  }
  const count = `${agent.votersOnline} of ${agent.voters} voters`;
  return {
    kind: 'notToBlame',
    why: `the agent runs, and only ${count} can be reached: the network or the other machines are away`,
  };
}

function unhealthy(why: string): HealthVerdict {
  return { kind: 'unhealthy', why };
}
