/** The commands of the device, in a checkout: the runtime runs them from its sources, in a process of its own. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { checkout } from '../checkout.ts';

export const deviceCommands = [
  ...(['agent', 'status', 'kubeconfig', 'kv', 'backup', 'restore', 'recover', 'licenses'] as const),
  ...([
    'update',
    'reset',
    'config',
    'nodes',
    'token',
    'vouchers',
    'ca',
    'api-keys',
    'remove-node',
    'recovery-key',
  ] as const),
] as const;

/** `--version` too: the runtime knows what it is made of. */
export function isForDevice(words: readonly string[]): boolean {
  const [first = ''] = words;
  return deviceCommands.some((name) => name === first) || first === '--version' || first === '-v';
}

/** Resolves with the exit code. Signals reach the runtime by themselves: it is in the terminal's process group. */
export function runDeviceCommand(commandArguments: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [path.join(checkout, 'runtime/main.ts'), ...commandArguments], {
    stdio: 'inherit',
  });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGTERM', forward);
  // The terminal sends SIGINT to both; this process waits for the other to end in good order.
  process.on('SIGINT', () => {});
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
