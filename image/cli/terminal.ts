/** Asks the person at the terminal, even when standard input is something else. */
import { openSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { ReadStream } from 'node:tty';
import { BuildError } from '../build-error.ts';

/**
 * @param instead what to do where there is no terminal, for the message.
 * @returns the answer without space around it.
 */
export async function askOnTerminal(question: string, signal: AbortSignal, instead: string): Promise<string> {
  const input = openTerminal(instead);
  const lines = createInterface({ input, terminal: false });
  // End of input is no answer.
  const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  process.stderr.write(question);
  try {
    return (await Promise.race([lines.question('', { signal }), ended])).trim();
  } finally {
    lines.close();
    input.destroy();
  }
}

function openTerminal(instead: string): ReadStream {
  try {
    return new ReadStream(openSync('/dev/tty', 'r+'));
  } catch (cause) {
    throw new BuildError('usage', `There is no terminal to ask on: ${instead}.`, { cause });
  }
}
