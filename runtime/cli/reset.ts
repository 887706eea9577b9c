/** `trivet reset`: says what a factory reset would lose, and does it only when the machine's name is given. */
import { askAgent } from '../admin/client.ts';
import type { ResetAnswer } from '../admin/protocol.ts';
import { CommandError } from './command-error.ts';

export interface ResetOptions {
  readonly socket: string;
  readonly confirm: string | null;
  readonly json: boolean;
}

export async function resetCommand({ socket, confirm, json }: ResetOptions): Promise<void> {
  const params = confirm === null ? {} : { confirm };
  const answer = (await askAgent(socket, 'system.reset', params)) as ResetAnswer;
  process.stdout.write(json ? `${JSON.stringify(answer, null, 2)}\n` : formatAnswer(answer));
  if (!answer.done) {
    throw new CommandError(`Nothing was done. To go on: trivet reset --confirm ${answer.plan.name}`);
  }
}

function formatAnswer({ done, plan }: ResetAnswer): string {
  const lines = [
    `machine:   ${plan.name}`,
    ...plan.losses.map((loss) => `lost:      ${loss}`),
    `cluster:   ${plan.quorum}`,
    ...(done ? ['The machine restarts and begins anew.'] : []),
  ];
  return `${lines.join('\n')}\n`;
}
