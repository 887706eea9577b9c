/** Runs a program to its end. A failure becomes an error that shows the command and the end of what it said. */
import { spawn } from 'node:child_process';
import { BuildError } from '../build-error.ts';

export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment; the builder's programs inherit nothing by accident. */
  readonly env?: Readonly<Record<string, string>>;
  /** Runs instead of the program's own name in messages. */
  readonly shownAs?: string;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** What every program of a build gets: one language, one time zone, one date, so that its output repeats. */
export function buildEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/bin:/bin:/usr/sbin:/sbin',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    ...extra,
  };
}

/** @throws BuildError `missing-tool` when there is no such program, `command-failed` when it ends with an error. */
export function run(
  command: string,
  commandArguments: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const shown = options.shownAs ?? command;
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...commandArguments], {
      cwd: options.cwd,
      env: options.env ?? buildEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (cause) => reject(startFailure(shown, cause)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve({ stdout, stderr });
      else reject(runFailure([shown, ...commandArguments], signal ?? `exit code ${code}`, stderr || stdout));
    });
  });
}

function startFailure(command: string, cause: NodeJS.ErrnoException): BuildError {
  if (cause.code === 'ENOENT') {
    return new BuildError('missing-tool', `The program "${command}" is not on this machine.`, { cause });
  }
  return new BuildError('command-failed', `"${command}" could not be started: ${cause.message}`, { cause });
}

function runFailure(words: readonly string[], how: string, output: string): BuildError {
  const tail = output.trimEnd().split('\n').slice(-15).join('\n  ');
  const command = words.join(' ');
  const shown = command.length > 300 ? `${command.slice(0, 300)} …` : command;
  return new BuildError('command-failed', `A program of the build failed (${how}): ${shown}\n  ${tail}`);
}
