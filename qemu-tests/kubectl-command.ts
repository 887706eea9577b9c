/** Debian's kubectl, as an operator outside of the machines uses it. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { operatorKeyFile, personalDirectory } from '../runtime/operator/operator-key.ts';
import type { Place } from './lab/gateway.ts';
import { trivet } from './trivet-command.ts';

/** `image/host/prepare.sh` puts it there. */
const program = path.resolve(import.meta.dirname, '../out/reference-tools/kubectl');

/** @returns what it printed. Rejects with what it complained of. */
export async function kubectl(kubeconfig: string, words: readonly string[]): Promise<string> {
  const env = { ...process.env, KUBECONFIG: kubeconfig };
  return (await promisify(execFile)(program, [...words], { env })).stdout;
}

/**
 * A copy of the operator's key for clusters that live in this directory only: what the operator's program learns of a cluster
 * is kept beside the key, by the cluster's name, and the next cluster of that name is another one.
 *
 * @returns the directory, for `--keys`.
 */
export function copyOperatorKey(directory: string): string {
  const keys = path.join(directory, 'operator');
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  copyFileSync(path.join(personalDirectory(), operatorKeyFile), path.join(keys, operatorKeyFile));
  return keys;
}

/** The words of the command that writes a kubeconfig for the API of the machine at a place. */
export function kubeconfigWords({ peerPort, apiPort }: Place, file: string, keys: string): readonly string[] {
  const server = ['--server', `127.0.0.1:${peerPort}`, '--api-port', String(apiPort)];
  return ['kubeconfig', ...server, '--keys', keys, '--out', file];
}

/** A kubeconfig for the API of the machine at a place. Rejects while it does not answer. */
export async function writeKubeconfig(place: Place, file: string, keys: string): Promise<string> {
  await trivet([...kubeconfigWords(place, file, keys), '--force']);
  return file;
}
