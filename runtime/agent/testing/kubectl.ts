/** The real kubectl, as an operator uses it: with a kubeconfig that `trivet kubeconfig` wrote. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Test } from 'tap';
import { referenceProgram } from '../../datastore/testing/reference-program.ts';
import { provideOperatorKey } from '../../operator/operator-key.ts';
import type { TestNode } from './test-cluster.ts';

const mainFile = path.resolve(import.meta.dirname, '../../main.ts');

const hangingMilliseconds = 90_000;

export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Operator {
  /** For the configuration of nodes. */
  readonly name: string;
  readonly key: string;
  /** Against one node. */
  readonly kubectl: (node: TestNode, words: readonly string[], input?: string) => Promise<Said>;
  /** Goes on until the test ends, or it is killed. */
  readonly follow: (
    node: TestNode,
    words: readonly string[],
  ) => Promise<{ output: () => string; process: ChildProcess }>;
}

/** A person with a key and a directory of their own. */
export function makeOperator(t: Test, directory: string): Operator {
  const home = path.join(directory, 'operator');
  mkdirSync(home, { recursive: true });
  const { publicKey } = provideOperatorKey(path.join(home, 'trivet'));
  const environment = { PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: home };
  const files = new Map<TestNode, Promise<string>>();
  const kubeconfig = (node: TestNode): Promise<string> => {
    const known = files.get(node);
    if (known !== undefined) return known;
    const written = writeKubeconfig(node, home, environment);
    files.set(node, written);
    // A node that has just been started is asked again.
    written.catch(() => files.delete(node));
    return written;
  };
  const start = async (node: TestNode, words: readonly string[]): Promise<ChildProcess> => {
    const env = { ...environment, KUBECONFIG: await kubeconfig(node) };
    return spawn(referenceProgram('kubectl'), words, { cwd: home, env });
  };
  return {
    ...{ name: 'ada', key: publicKey },
    kubectl: async (node, words, input = '') => ended(await start(node, words), input),
    follow: async (node, words) => {
      const child = await start(node, words);
      t.teardown(() => child.kill());
      let output = '';
      child.stdout?.on('data', (piece: Buffer) => (output += piece.toString()));
      child.stderr?.on('data', (piece: Buffer) => (output += piece.toString()));
      return { output: () => output, process: child };
    },
  };
}

async function writeKubeconfig(node: TestNode, home: string, env: NodeJS.ProcessEnv): Promise<string> {
  const file = path.join(home, `kubeconfig-${node.apiPort}`);
  const words = ['kubeconfig', '--server', node.address, '--api-port', String(node.apiPort), '--out', file];
  const { code, err } = await ended(spawn(process.execPath, [mainFile, ...words], { env, cwd: home }), '');
  if (code !== 0) throw new Error(`trivet kubeconfig: ${err}`);
  return file;
}

function ended(child: ChildProcess, input: string): Promise<Said> {
  const texts = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => (texts.out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (texts.err += chunk.toString()));
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  // It waits for ever for what does not come about.
  const hanging = setTimeout(() => child.kill('SIGKILL'), hangingMilliseconds);
  return new Promise((resolve) =>
    child.once('close', (code) => {
      clearTimeout(hanging);
      resolve({ code, ...texts });
    }),
  );
}
