/** `trivet agent`: reads the configuration and runs the node until it is told to stop. */
import { runAgent } from '../agent/agent.ts';
import { loadConfig } from '../config/load.ts';

/** Resolves when the agent has stopped in good order. */
export async function agentCommand(configFile: string, overFile: string | null): Promise<void> {
  await runAgent(loadConfig(configFile, overFile));
}
