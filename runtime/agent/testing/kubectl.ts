/** The real kubectl, as an operator uses it: with a kubeconfig that `trivet kubeconfig` wrote. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
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

/** What a kubectl that goes on has said so far. */
export interface Followed {
  /** The code is null until it has ended by itself. */
  readonly said: () => Said;
  readonly end: () => Promise<void>;
}

export interface Operator {
  /** For the configuration of nodes. */
  readonly name: string;
  readonly key: string;
  /** The path of the kubeconfig that `trivet kubeconfig` has written of one node. */
  readonly kubeconfig: (node: TestNode) => Promise<string>;
  /** Against one node. */
  readonly kubectl: (node: TestNode, words: readonly string[], typed?: Typed) => Promise<Said>;
  /** Goes on until the test ends, or it is ended. */
  readonly follow: (node: TestNode, words: readonly string[]) => Promise<Followed>;
  /** Writes a file into the directory where kubectl runs. */
  readonly write: (file: string, text: string) => void;
}

interface Typed {
  /** On standard input. Default: nothing. */
  readonly input?: string;
  /** The command that kubectl opens as its editor. Default: one that fails. */
  readonly editor?: string;
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
  const start = async (node: TestNode, words: readonly string[], editor = 'false'): Promise<ChildProcess> => {
    const env = { ...environment, KUBECONFIG: await kubeconfig(node), KUBE_EDITOR: editor };
    return spawn(referenceProgram('kubectl'), words, { cwd: home, env });
  };
  return {
    ...{ name: 'ada', key: publicKey, kubeconfig },
    kubectl: async (node, words, { input = '', editor } = {}) => {
      return await ended(await start(node, words, editor), input);
    },
    follow: async (node, words) => followed(t, await start(node, words)),
    write: (file, text) => {
      mkdirSync(path.dirname(path.join(home, file)), { recursive: true });
      writeFileSync(path.join(home, file), text);
    },
  };
}

function followed(t: Test, child: ChildProcess): Followed {
  t.teardown(() => child.kill());
  const texts = listen(child);
  const closed = new Promise((resolve) => child.once('close', resolve));
  return {
    said: () => ({ code: child.exitCode, ...texts }),
    end: async () => {
      child.kill();
      await closed;
    },
  };
}

/** What it says from now on. */
function listen(child: ChildProcess): { out: string; err: string } {
  const texts = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => (texts.out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (texts.err += chunk.toString()));
  return texts;
}

async function writeKubeconfig(node: TestNode, home: string, env: NodeJS.ProcessEnv): Promise<string> {
  const file = path.join(home, `kubeconfig-${node.apiPort}`);
  const words = ['kubeconfig', '--server', node.address, '--api-port', String(node.apiPort), '--out', file];
  const { code, err } = await ended(spawn(process.execPath, [mainFile, ...words], { env, cwd: home }), '');
  if (code !== 0) throw new Error(`trivet kubeconfig: ${err}`);
  return file;
}

function ended(child: ChildProcess, input: string): Promise<Said> {
  const texts = listen(child);
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
