/**
 * The cluster's settings on one node: as the leader last said them, kept on disk for a start without peers, and in force at
 * once where that can be.
 */
import {
  type ConfigInForce,
  judgeSettings,
  overlaySettings,
  parseSettings,
} from '../config/cluster-settings.ts';
import { settingsFile } from '../config/member-file.ts';
import type { Config } from '../config/schema.ts';
import { readTextIfPresent, writeFileDurably } from '../files/durable.ts';
import type { Log } from '../logging/log.ts';

type Live = Pick<Config, 'roles' | 'cluster'>;

export interface SettingsKeeper {
  /** What follows the settings while the node runs. */
  readonly now: Live;
  /** What the leader says, or what it reads itself. */
  hear(text: string): void;
}

export function openSettingsKeeper(
  { dataDirectory, base, roles, cluster }: ConfigInForce,
  log: Log,
): SettingsKeeper {
  const file = settingsFile(dataDirectory);
  let known = readTextIfPresent(file) ?? '{}';
  let now: Live = { roles, cluster };
  return {
    get now() {
      return now;
    },
    hear: (text) => {
      if (text === known) return;
      const settings = parseSettings(text);
      if (settings === null) return;
      known = text;
      now = overlaySettings(base, settings);
      log.info({ settings }, 'the cluster’s settings have changed');
      for (const problem of judgeSettings(settings).problems)
        log.warn(`a setting of the cluster: ${problem}`);
      try {
        writeFileDurably(file, text);
      } catch (error) {
        // A full disk, say: they are in force all the same, and after a restart the leader says them again.
        log.warn(`The cluster’s settings could not be kept for the next start: ${(error as Error).message}`);
      }
    },
  };
}
