/** Debian's kubectl, as an operator outside of the machines uses it. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Place } from './lab/gateway.ts';
import { trivet } from './trivet-command.ts';

/** `image/host/prepare.sh` puts it there. */
const program = path.resolve(import.meta.dirname, '../out/reference-tools/kubectl');

/** @returns what it printed. Rejects with what it complained of. */
export async function kubectl(kubeconfig: string, words: readonly string[]): Promise<string> {
  const env = { ...process.env, KUBECONFIG: kubeconfig };
  return (await promisify(execFile)(program, [...words], { env })).stdout;
}

/** The words of the command that writes a kubeconfig for the API of the machine at a place. */
export function kubeconfigWords({ peerPort, apiPort }: Place, file: string): readonly string[] {
  return ['kubeconfig', '--server', `127.0.0.1:${peerPort}`, '--api-port', String(apiPort), '--out', file];
}

/** A kubeconfig for the API of the machine at a place. Rejects while it does not answer. */
export async function writeKubeconfig(place: Place, file: string): Promise<string> {
  await trivet([...kubeconfigWords(place, file), '--force']);
  return file;
}
