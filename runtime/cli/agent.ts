/** `trivet agent`: runs the node on its configuration until it is told to stop. */
import { runAgent } from '../agent/agent.ts';
import type { ConfigPlaces } from '../config/load.ts';

/** Resolves when the agent has stopped in good order. */
export async function agentCommand(places: ConfigPlaces): Promise<void> {
  await runAgent(places);
}
