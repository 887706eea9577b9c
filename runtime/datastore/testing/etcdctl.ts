/** Debian's etcdctl as a person uses it: run to its end, or left running and talked to. */
import { type ChildProcess, spawn } from 'node:child_process';
import { referenceProgram } from './reference-program.ts';
import { until } from './suite/subject.ts';

export interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const limitMilliseconds = 20_000;

export function startEtcdctl(endpoint: string, words: readonly string[]): ChildProcess {
  // The whole environment, so that no ETCDCTL_… of the person who runs the test has a say.
  const env = { PATH: process.env.PATH ?? '', ETCDCTL_API: '3', HOME: '/nonexistent' };
  return spawn(referenceProgram('etcdctl'), ['--endpoints', endpoint, ...words], { env, stdio: 'pipe' });
}

export function etcdctl(endpoint: string, words: readonly string[], input = ''): Promise<Output> {
  const child = startEtcdctl(endpoint, words);
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin?.end(input);
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMilliseconds);
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

/** Runs `etcdctl watch …` while `act` does something, until it has printed `lines` lines. */
export async function watchWhile(
  endpoint: string,
  words: readonly string[],
  lines: number,
  act: () => Promise<unknown>,
): Promise<string> {
  const child = startEtcdctl(endpoint, ['watch', ...words]);
  let stdout = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  try {
    await act();
    await until(
      () => stdout.split('\n').length > lines,
      `${lines} lines of etcdctl watch; there are:\n${stdout}`,
    );
  } finally {
    child.kill('SIGTERM');
  }
  return stdout;
}
