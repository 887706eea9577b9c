/**
 * Configurations as plain data: who is in one, whether it is sound, its bytes in a log entry, and the step
 * from one to the next (directly, or through a joint one: section 4.3).
 *
 * Bytes: a version, then voters, outgoing and learners, each as a 16-bit big-endian count and that many
 * identities, each as a length byte and UTF-8.
 */
import type { Configuration, NodeId } from './types.ts';

const FORMAT_VERSION = 1;
const LONGEST_ID_BYTES = 64;
const MOST_NODES = 1024;

export const EMPTY_CONFIGURATION: Configuration = { voters: [], outgoing: [], learners: [] };

export function isJoint(configuration: Configuration): boolean {
  return configuration.outgoing.length > 0;
}

/** Whether the node's vote counts, in either half of a joint configuration. */
export function isVoter(configuration: Configuration, id: NodeId): boolean {
  return configuration.voters.includes(id) || configuration.outgoing.includes(id);
}

export function isMember(configuration: Configuration, id: NodeId): boolean {
  return isVoter(configuration, id) || configuration.learners.includes(id);
}

/** Everybody named, each once, sorted, so that messages leave in a reproducible order. */
export function members(configuration: Configuration): NodeId[] {
  const all = new Set([...configuration.voters, ...configuration.outgoing, ...configuration.learners]);
  return [...all].sort();
}

/** Everybody whose vote counts, each once, sorted. */
export function votingMembers(configuration: Configuration): NodeId[] {
  return [...new Set([...configuration.voters, ...configuration.outgoing])].sort();
}

/**
 * The configuration to append in order to get to the target: the target itself when at most one voter
 * comes or goes (section 4.1), else a joint one. A voter that becomes a learner through a joint configuration
 * is listed in both: it votes with the outgoing half until that half is gone.
 */
export function transitionTo(
  current: Configuration,
  target: { readonly voters: readonly NodeId[]; readonly learners: readonly NodeId[] },
): Configuration {
  const voters = [...target.voters].sort();
  const learners = [...target.learners].sort();
  const added = voters.filter((id) => !current.voters.includes(id)).length;
  const removed = current.voters.filter((id) => !voters.includes(id)).length;
  const outgoing = added + removed > 1 ? [...current.voters] : [];
  return { voters, outgoing, learners };
}

/** The end of a joint configuration. */
export function leaveJoint(configuration: Configuration): Configuration {
  return { voters: configuration.voters, outgoing: [], learners: configuration.learners };
}

/** What is wrong with a configuration, or null. `allowEmpty` is for the base of a log that knows nobody yet. */
export function configurationFault(configuration: unknown, allowEmpty: boolean): string | null {
  if (typeof configuration !== 'object' || configuration === null) return 'it is not an object';
  const { voters, outgoing, learners } = configuration as Record<string, unknown>;
  for (const list of [voters, outgoing, learners]) {
    if (!isListOfDistinctIds(list)) return 'a list has a malformed or repeated node id';
  }
  const checked = configuration as Configuration;
  if (checked.learners.some((id) => checked.voters.includes(id))) return 'a node is both voter and learner';
  if (checked.voters.length === 0 && !(allowEmpty && members(checked).length === 0))
    return 'it has no voters';
  return null;
}

export function isNodeId(value: unknown): value is NodeId {
  return typeof value === 'string' && value.length > 0 && Buffer.byteLength(value) <= LONGEST_ID_BYTES;
}

export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(FORMAT_VERSION)];
  for (const list of [configuration.voters, configuration.outgoing, configuration.learners]) {
    parts.push(Uint8Array.of(list.length >> 8, list.length & 0xff));
    for (const id of list) {
      const bytes = Buffer.from(id, 'utf8');
      parts.push(Uint8Array.of(bytes.length), bytes);
    }
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** The configuration in these bytes, or null when they are not one. */
export function decodeConfiguration(bytes: Uint8Array): Configuration | null {
  if (bytes[0] !== FORMAT_VERSION) return null;
  const lists: NodeId[][] = [];
  let offset = 1;
  while (lists.length < 3) {
    const list = decodeList(bytes, offset);
    if (list === null) return null;
    lists.push(list.ids);
    offset = list.end;
  }
  if (offset !== bytes.length) return null;
  const [voters = [], outgoing = [], learners = []] = lists;
  const configuration = { voters, outgoing, learners };
  return configurationFault(configuration, true) === null ? configuration : null;
}

function decodeList(bytes: Uint8Array, start: number): { ids: NodeId[]; end: number } | null {
  const [high, low] = bytes.subarray(start, start + 2);
  if (high === undefined || low === undefined) return null;
  const ids: NodeId[] = [];
  let offset = start + 2;
  for (let left = (high << 8) | low; left > 0; left--) {
    const length = bytes[offset];
    if (length === undefined || offset + 1 + length > bytes.length) return null;
    ids.push(Buffer.from(bytes.subarray(offset + 1, offset + 1 + length)).toString('utf8') as NodeId);
    offset += 1 + length;
  }
  return { ids, end: offset };
}

function isListOfDistinctIds(list: unknown): boolean {
  return (
    Array.isArray(list) &&
    list.length <= MOST_NODES &&
    list.every(isNodeId) &&
    new Set(list).size === list.length
  );
}
