/** What the agent tells of its configuration: what is in force, and how its sources are by now. */
import { isDeepStrictEqual } from 'node:util';
import { type ConfigReport, explainConfig } from '../config/explain.ts';
import type { OpenConfig } from '../config/layers.ts';
import { type ConfigPlaces, type LoadedConfig, loadConfig } from '../config/load.ts';

/** A member has had its secret or token taken out of its files: that changes nothing. */
function hasForgotten(now: OpenConfig, inForce: OpenConfig): boolean {
  const isSilent = now.cluster?.secret === undefined && now.cluster?.token === undefined;
  if (!isSilent || inForce.cluster === undefined) return false;
  const { secret: _, token: __, ...cluster } = inForce.cluster;
  return isDeepStrictEqual(now, { ...inForce, cluster });
}

/** Reads the sources again, so that a platform that answered late is no longer reported as one that does not. */
export function reportConfig(inForce: LoadedConfig, places: ConfigPlaces): ConfigReport {
  try {
    const now = loadConfig(places);
    if (isDeepStrictEqual(now.config, inForce.config) || hasForgotten(now.config, inForce.config))
      return explainConfig(now);
  } catch {
    // Only the image's own file can fail; an agent that runs is told of it as of any other change.
  }
  return { ...explainConfig(inForce), changed: true };
}
