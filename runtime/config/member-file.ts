/** Files in the data directory that say of which cluster the machine is, and whether a configuration must name a secret. */
import path from 'node:path';

/** Where a node keeps of which cluster it is a member; a blank machine has none. */
export function memberFile(dataDirectory: string): string {
  return path.join(dataDirectory, 'member.json');
}

/** The key of an enrolment secret that was taken out of the configuration. */
export function enrolmentKeyFile(dataDirectory: string): string {
  return path.join(dataDirectory, 'enrolment-key.json');
}

/** The configuration that `trivet join` has written. */
export function joinFile(dataDirectory: string): string {
  return path.join(dataDirectory, 'join.yaml');
}

/** The cluster's own settings, as this node was last told them. */
export function settingsFile(dataDirectory: string): string {
  return path.join(dataDirectory, 'settings.json');
}

/** What the machine's cloud last said of it. */
export function tagsFile(dataDirectory: string): string {
  return path.join(dataDirectory, 'platform-tags.json');
}
