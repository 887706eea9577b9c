/**
 * `trivet config`: the configuration in force and where it comes from; `trivet config collect` asks the platform for its part;
 * `trivet config forget` takes the secret out of the boot partition's file; `settings.ts` has what sets something for all nodes.
 */
import { existsSync } from 'node:fs';
import { stringify } from 'yaml';
import { AdminError, askAgent } from '../admin/client.ts';
import { forgetIn, unableMessage } from '../agent/forget-secrets.ts';
import { collectConfig, collectPlaces, writeCollected } from '../config/collect/collect.ts';
import { type ConfigReport, explainConfig } from '../config/explain.ts';
import type { Sight } from '../config/layers.ts';
import { type ConfigPlaces, loadConfig } from '../config/load.ts';
import { memberFile } from '../config/member-file.ts';
import { withWritableBootPartition } from '../updates/boot-partition.ts';
import { readDevice } from '../updates/device.ts';
import { CommandError, usageError } from './command-error.ts';
import { formatExplained, valuesTree } from './config-lines.ts';
import { isSettingsOperation, settingsCommand } from './settings.ts';

export interface ConfigOptions {
  readonly socket: string;
  readonly explain: boolean;
  readonly json: boolean;
  /** Seconds that a platform is asked. */
  readonly timeout: number;
}

/** Where the units of a device have it; the credentials are those that systemd's first process has. */
export const devicePlaces: ConfigPlaces & { readonly collected: string; readonly bootPartition: string } = {
  image: '/etc/trivet/config.yaml',
  bootPartition: '/efi/trivet.yaml',
  collected: '/run/trivet/config/platform.json',
  credentials: '/run/credentials/@system',
};

export async function configCommand(
  operation: string | undefined,
  words: readonly string[],
  options: ConfigOptions,
): Promise<void> {
  if (isSettingsOperation(operation)) return settingsCommand(operation, words, options);
  if (operation !== undefined && operation !== 'collect' && operation !== 'forget') {
    throw usageError(
      `There is no "config ${operation}": there is config set, unset, settings, collect and forget. See: trivet config --help`,
    );
  }
  if (words.length > 0) throw usageError(`Usage: trivet config ${operation}, without "${words.join(' ')}"`);
  if (operation === 'collect') return collect(options.timeout);
  if (operation === 'forget') return forget();
  const report = await fetchReport(options.socket);
  process.stdout.write(formatReport(report, options));
}

/** Of the agent; where none runs, of the files that it would read. */
async function fetchReport(socket: string): Promise<ConfigReport> {
  try {
    return (await askAgent(socket, 'config.show')) as ConfigReport;
  } catch (error) {
    if (!(error instanceof AdminError) || error.code !== 'unreachable') throw error;
    process.stderr.write(`${error.message} This is what its files say:\n`);
    try {
      return explainConfig(loadConfig(devicePlaces));
    } catch (cause) {
      throw new CommandError((cause as Error).message);
    }
  }
}

function formatReport(report: ConfigReport, { explain, json }: ConfigOptions): string {
  if (json) return `${JSON.stringify({ ...report, config: valuesTree(report) }, null, 2)}\n`;
  return explain ? formatExplained(report) : stringify(valuesTree(report), { lineWidth: 0 });
}

/** Fails when the platform could not be asked, so that systemd tries again. */
async function collect(seconds: number): Promise<void> {
  const collected = await collectConfig(collectPlaces, seconds * 1000);
  writeCollected(devicePlaces.collected, collected);
  if (collected.sight.kind === 'unreadable') throw new CommandError(collected.sight.problem);
  process.stdout.write(`${tellSight(collected.place, collected.sight)}\n`);
}

/** What the agent asks for where the boot partition is mounted read-only. */
async function forget(): Promise<void> {
  if (!existsSync(memberFile(loadConfig(devicePlaces).home)))
    throw new CommandError(
      'This machine is no member of a cluster: it still needs its secret. Nothing was done.',
    );
  const file = devicePlaces.bootPartition;
  const outcome = await withWritableBootPartition(readDevice(), () => forgetIn(file));
  if (outcome === 'unable') throw new CommandError(unableMessage(file));
  const what = outcome === 'taken' ? 'was taken out of' : 'is not in';
  process.stdout.write(`The enrolment secret ${what} ${file}.\n`);
}

function tellSight(place: string, sight: Exclude<Sight, { kind: 'unreadable' }>): string {
  return sight.kind === 'text' ? `A configuration came from the ${place}.` : `The ${place} ${sight.note}.`;
}
