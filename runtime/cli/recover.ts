/** `trivet recover`: says what going on alone would cost, and does it only when the cluster's name is given. */
import { askAgent } from '../admin/client.ts';
import { CommandError } from './command-error.ts';

export interface RecoverOptions {
  readonly socket: string;
  readonly confirm: string | null;
  readonly json: boolean;
}

interface Answer {
  readonly done: boolean;
  readonly plan: {
    readonly clusterName: string;
    readonly clusterId: string;
    readonly log: { readonly term: number; readonly index: number };
    readonly notReachable: readonly string[];
    readonly warnings: readonly string[];
  };
}

export async function recoverCommand({ socket, confirm, json }: RecoverOptions): Promise<void> {
  const params = confirm === null ? {} : { confirm };
  const answer = (await askAgent(socket, 'recover', params, { timeoutMilliseconds: 120_000 })) as Answer;
  process.stdout.write(json ? `${JSON.stringify(answer, null, 2)}\n` : formatAnswer(answer));
  if (!answer.done) {
    const { clusterName } = answer.plan;
    throw new CommandError(`Nothing was done. To go on: trivet recover --confirm ${clusterName}`);
  }
}

function formatAnswer({ done, plan }: Answer): string {
  const { clusterName, clusterId, log, notReachable, warnings } = plan;
  const lines = [
    `cluster:   ${clusterName} (${clusterId})`,
    `this node: holds everything up to log entry ${log.index} of term ${log.term}`,
    `missing:   ${notReachable.join(', ') || 'none'}`,
    ...warnings.map((warning) => `warning:   ${warning}`),
    ...(done ? ['The agent starts again and begins a new cluster with this data; see trivet status.'] : []),
  ];
  return `${lines.join('\n')}\n`;
}
