/** Files in the data directory that say whether a configuration must name a secret. */
import path from 'node:path';

/** Where a node keeps of which cluster it is a member; a blank machine has none. */
export function memberFile(dataDirectory: string): string {
  return path.join(dataDirectory, 'member.json');
}

/** The key of an enrolment secret that was taken out of the configuration. */
export function enrolmentKeyFile(dataDirectory: string): string {
  return path.join(dataDirectory, 'enrolment-key.json');
}
