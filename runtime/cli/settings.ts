/** `trivet config set`, `unset` and `settings`: what the cluster keeps for all of its nodes, from any member. */
import { parse, stringify } from 'yaml';
import { askAgent } from '../admin/client.ts';
import type { SettingsAnswer } from '../admin/protocol.ts';
import { explainUnknown, settableFields, treeOf } from '../config/cluster-settings.ts';
import { checkPartialConfig } from '../config/partial.ts';
import { YamlFaultsError } from '../config/yaml-faults.ts';
import { usageError } from './command-error.ts';

export interface SettingsOptions {
  readonly socket: string;
  readonly json: boolean;
}

const operations = {
  set: 'trivet config set KEY VALUE',
  unset: 'trivet config unset KEY',
  settings: 'trivet config settings',
} as const;
type Operation = keyof typeof operations;

const wordCounts: Readonly<Record<Operation, number>> = { set: 2, unset: 1, settings: 0 };

export function isSettingsOperation(operation: string | undefined): operation is Operation {
  return operation !== undefined && Object.hasOwn(operations, operation);
}

export async function settingsCommand(
  operation: Operation,
  words: readonly string[],
  { socket, json }: SettingsOptions,
): Promise<void> {
  if (words.length !== wordCounts[operation]) throw usageError(`Usage: ${operations[operation]}`);
  const [key = '', written = ''] = words;
  const answer = (await askAgent(socket, 'settings', paramsOf(operation, key, written))) as SettingsAnswer;
  const text = operation === 'settings' ? formatSettings(answer) : formatChange(answer, key);
  process.stdout.write(json ? `${JSON.stringify(answer, null, 2)}\n` : text);
}

function paramsOf(operation: Operation, key: string, written: string): Record<string, unknown> {
  switch (operation) {
    case 'set':
      return { action: 'set', key, value: readValue(key, written) };
    case 'unset':
      return { action: 'unset', key };
    case 'settings':
      return { action: 'list' };
  }
}

/** As it would stand in a configuration. Throws a usage error, with the words that a configuration is refused with. */
export function readValue(key: string, written: string): unknown {
  const unknown = explainUnknown(key);
  if (unknown !== null) throw usageError(`${unknown}. Nothing was changed.`);
  let value: unknown;
  try {
    value = parse(written, { logLevel: 'error' });
    checkPartialConfig(JSON.stringify(treeOf(key, value)), 'value');
  } catch (error) {
    const problem = error instanceof YamlFaultsError ? error.message : `${key}: this is not YAML: ${written}`;
    throw usageError(`${problem.replace(/^value, line 1: /gm, '')}. Nothing was changed.`);
  }
  return value;
}

/** What has become of one setting, and when it counts. */
export function formatChange({ settings }: SettingsAnswer, key: string): string {
  const set = settings.find((each) => each.key === key);
  const isNow = settableFields[key] === 'now';
  if (set === undefined) {
    const when = isNow ? 'from now on' : 'from its next start on (an update, or a restart of the machine)';
    return `${key} is not set in the cluster any more: each node goes by its own configuration, ${when}.\n`;
  }
  const value = JSON.stringify(set.value);
  if (set.takes === 'now') return `${key} is ${value} in the whole cluster now.\n`;
  return `${key} is ${value} in the whole cluster: each node takes it at its next start (an update, or a restart of the machine).\n`;
}

export function formatSettings({ settings }: SettingsAnswer): string {
  if (settings.length === 0)
    return `The cluster keeps no settings. There are: ${Object.keys(settableFields).join(', ')}.\n`;
  const notes = { now: '', nextStart: '  # taken at the next start of each node' };
  return settings
    .map(({ key, value, takes }) => {
      const note = takes === null ? '  # not known to this version: kept, and left alone' : notes[takes];
      return `${key}: ${stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd()}${note}\n`;
    })
    .join('');
}
