import path from 'node:path';

/** Where a node keeps of which cluster it is a member; a blank machine has none. */
export function memberFile(dataDirectory: string): string {
  return path.join(dataDirectory, 'member.json');
}
