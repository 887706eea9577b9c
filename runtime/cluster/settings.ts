/**
 * The cluster's own settings in the datastore: all of them under one key, so that a change is checked against all and two
 * changes at once do not mix. What is set and what a node makes of it: `config/cluster-settings.ts`. On the leader.
 */
import * as z from 'zod';
import type { SettingsAnswer } from '../admin/protocol.ts';
import {
  encodeSettings,
  explainUnknown,
  longestSettingsCharacters,
  parseSettings,
  type Settings,
  settableFields,
  treeOf,
} from '../config/cluster-settings.ts';
import { partialConfigSchema } from '../config/schema.ts';
import type { StateView } from '../datastore/state-machine/reading.ts';
import { RpcError } from '../peers/rpc.ts';
import type { MemberContext } from './member-context.ts';
import { ownPrefix } from './roster.ts';

const text = new TextEncoder();
const settingsKey = text.encode(`${ownPrefix}settings`);
const mostTries = 5;

const key = z.string().min(1).max(100);
export const settingsParams = z.discriminatedUnion('action', [
  z.object({ action: z.literal('list') }),
  z.object({ action: z.literal('set'), key, value: z.json() }),
  z.object({ action: z.literal('unset'), key }),
]);
export type SettingsParams = z.infer<typeof settingsParams>;

/** As stored, which is what is handed on: a newer version may have written what this one does not know. */
export function readSettings(view: StateView): { readonly text: string; readonly revision: number } {
  const stored = view.get(settingsKey);
  const read = stored === null ? '{}' : Buffer.from(stored.value).toString('utf8');
  return { text: read, revision: stored?.modifyRevision ?? 0 };
}

/** Throws `RpcError` or `StoreError`; answers with how things are afterwards. */
export async function serveSettings(context: MemberContext, params: SettingsParams): Promise<SettingsAnswer> {
  // Another node may be behind, or hold no data at all.
  if (context.replica.status().role !== 'leader')
    throw new RpcError('notLeader', 'This node does not lead: try again.');
  if (params.action !== 'list') await change(context, params);
  const view = context.replica.machine.view;
  context.settings.hear(readSettings(view).text);
  return describe(parseSettings(readSettings(view).text) ?? {});
}

async function change(
  context: MemberContext,
  params: Exclude<SettingsParams, { action: 'list' }>,
): Promise<void> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const { text: before, revision } = readSettings(context.replica.machine.view);
    const after = encodeSettings(changed(parseSettings(before) ?? {}, params));
    if (after.length > longestSettingsCharacters)
      throw new RpcError(
        'invalid',
        `${params.key} is too long: all settings have ${longestSettingsCharacters} characters.`,
      );
    const { succeeded } = await context.store.transact({
      compare: [{ target: 'modifyRevision', key: settingsKey, is: revision }],
      success: [{ operation: 'put', key: settingsKey, value: text.encode(after) }],
    });
    if (succeeded) {
      context.log.warn({ setting: params.key }, 'a setting of the cluster was changed');
      return;
    }
  }
  throw new RpcError('busy', 'Others change the settings at the same time: nothing was done, try again.');
}

/** Throws `RpcError` for what there is not. */
function changed(settings: Settings, params: Exclude<SettingsParams, { action: 'list' }>): Settings {
  if (params.action === 'unset') {
    if (!Object.hasOwn(settings, params.key))
      throw new RpcError(
        'notSet',
        `${params.key} is not set in the cluster: trivet config settings shows what is.`,
      );
    const { [params.key]: _, ...left } = settings;
    return left;
  }
  const unknown = explainUnknown(params.key);
  if (unknown !== null) throw new RpcError('invalid', `${unknown}. Nothing was changed.`);
  const issue = partialConfigSchema.safeParse(treeOf(params.key, params.value)).error?.issues[0];
  if (issue !== undefined)
    throw new RpcError('invalid', `${params.key}: ${issue.message}. Nothing was changed.`);
  return { ...settings, [params.key]: params.value };
}

function describe(settings: Settings): SettingsAnswer {
  return {
    settings: Object.entries(settings).map(([each, value]) => ({
      ...{ key: each, value },
      takes: Object.hasOwn(settableFields, each) ? settableFields[each]! : null,
    })),
  };
}
