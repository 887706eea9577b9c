/** What the agent tells of its configuration: what is in force, and how its sources are by now. */
import { isDeepStrictEqual } from 'node:util';
import { type Settings, settableFields } from '../config/cluster-settings.ts';
import { type ConfigReport, explainConfig } from '../config/explain.ts';
import { type OpenConfig, withSettings } from '../config/layers.ts';
import { type ConfigPlaces, type LoadedConfig, loadConfig } from '../config/load.ts';

/** A member has its secret or token taken out of its files, and a platform may say it again: that changes nothing. */
function isSame(now: OpenConfig, inForce: OpenConfig): boolean {
  if (isDeepStrictEqual(now, inForce)) return true;
  return (
    (isSilent(now) || isSilent(inForce)) && isDeepStrictEqual(withoutSecret(now), withoutSecret(inForce))
  );
}

function isSilent({ cluster }: OpenConfig): boolean {
  return cluster?.secret === undefined && cluster?.token === undefined;
}

function withoutSecret(config: OpenConfig): OpenConfig {
  if (config.cluster === undefined) return config;
  const { secret: _, token: __, ...cluster } = config.cluster;
  return { ...config, cluster };
}

/** The settings that a running node goes by: it has heard of all of them, and some count from its next start on. */
function settingsInForce(now: LoadedConfig, inForce: LoadedConfig): Settings | null {
  if (now.settings === null && inForce.settings === null) return null;
  const isLive = ([key]: readonly [string, unknown]): boolean => settableFields[key] !== 'nextStart';
  return Object.fromEntries([
    ...Object.entries(now.settings ?? {}).filter(isLive),
    ...Object.entries(inForce.settings ?? {}).filter((entry) => !isLive(entry)),
  ]);
}

/** Reads the sources again, so that a platform that answered late is no longer reported as one that does not. */
export function reportConfig(inForce: LoadedConfig, places: ConfigPlaces): ConfigReport {
  try {
    const now = loadConfig(places);
    const followed = withSettings(inForce, settingsInForce(now, inForce));
    if (isSame(now.base, inForce.base) && isSame(now.config, followed.config)) return explainConfig(now);
    return { ...explainConfig(followed), changed: true };
  } catch {
    // Only the image's own file can fail; an agent that runs is told of it as of any other change.
    return { ...explainConfig(inForce), changed: true };
  }
}
