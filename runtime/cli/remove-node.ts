/** `trivet remove-node`: takes a node out of the cluster for good, from any member. */
import { askAgent } from '../admin/client.ts';
import { CommandError } from './command-error.ts';

export interface RemoveNodeOptions {
  readonly socket: string;
  readonly force: boolean;
  readonly json: boolean;
}

/** Longer than the agent waits for a seat to be handed over. */
const timeoutMilliseconds = 90_000;

export async function removeNodeCommand(
  node: string,
  { socket, force, json }: RemoveNodeOptions,
): Promise<void> {
  const answer = (await askAgent(socket, 'node.remove', { node, force }, { timeoutMilliseconds })) as {
    readonly id: string;
    readonly name: string;
    readonly done: boolean;
  };
  if (json) process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
  if (!answer.done) {
    throw new CommandError(
      `${answer.name} is going to be removed, but its seat could not be handed over yet. That goes on by itself: trivet status shows when it has gone. If the machine is lost or stolen: trivet remove-node ${answer.id} --force`,
    );
  }
  if (!json) {
    process.stdout.write(
      `${answer.name} (${answer.id}) was removed. Its key is refused by every node; to use the machine again, give it a factory reset. The cluster's CA is replaced (trivet ca status), so unused tokens are void.\n`,
    );
  }
}
