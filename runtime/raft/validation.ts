/**
 * Checks a message as data from outside, whatever its type claims: a faulty peer must not be able to crash a
 * node or to put nonsense into its log. What fails here is dropped without an answer.
 */
import { configurationFault, decodeConfiguration, isNodeId } from './configuration.ts';
import type { Message, NodeId } from './types.ts';
import { HIGHEST_NUMBER } from './units.ts';

type Fields = Readonly<Record<string, unknown>>;

const LONGEST_CONTEXT = 1024;

const checks: Readonly<Record<Message['type'], (fields: Fields) => boolean>> = {
  voteRequest: (m) =>
    isBoolean(m.preVote) &&
    isBoolean(m.transfer) &&
    isCount(m.lastIndex) &&
    isCount(m.lastTerm) &&
    m.lastTerm < term(m),
  voteResponse: (m) => isBoolean(m.preVote) && isBoolean(m.granted),
  appendRequest: isAppendRequest,
  appendResponse: (m) =>
    isCount(m.session) &&
    isBoolean(m.accepted) &&
    isCount(m.index) &&
    isCount(m.hintIndex) &&
    isCount(m.hintTerm),
  heartbeat: (m) => isCount(m.session) && isCount(m.commit) && isCount(m.readRound),
  heartbeatResponse: (m) => isCount(m.session) && isCount(m.readRound),
  installSnapshot: (m) => isCount(m.session) && isSnapshotMeta(m.snapshot, term(m)),
  readIndexRequest: (m) => isContext(m.context),
  readIndexResponse: (m) => isContext(m.context) && (m.index === null || isCount(m.index)),
  timeoutNow: () => true,
};

/** Whether this is a message to this node that makes sense in itself. */
export function isWellFormed(message: unknown, self: NodeId): message is Message {
  if (!isObject(message)) return false;
  const { type, from, to } = message;
  if (typeof type !== 'string' || !Object.hasOwn(checks, type)) return false;
  if (to !== self || from === self || !isNodeId(from)) return false;
  if (!isCount(message.term) || message.term < 1) return false;
  return checks[type as Message['type']](message);
}

function isAppendRequest(m: Fields): boolean {
  const { entries, previousIndex, previousTerm } = m;
  if (!isCount(m.session) || !isCount(m.commit) || !isCount(previousIndex) || !isCount(previousTerm))
    return false;
  if (!Array.isArray(entries) || previousTerm > term(m)) return false;
  if ((previousIndex === 0) !== (previousTerm === 0)) return false;
  let lastTerm = previousTerm;
  for (const [offset, entry] of entries.entries()) {
    if (!isEntry(entry) || entry.index !== previousIndex + 1 + offset) return false;
    if (entry.term < lastTerm || entry.term > term(m)) return false;
    lastTerm = entry.term;
  }
  return true;
}

function isEntry(entry: unknown): entry is { index: number; term: number } {
  if (!isObject(entry) || !isCount(entry.index) || !isCount(entry.term) || entry.term < 1) return false;
  if (!(entry.data instanceof Uint8Array)) return false;
  if (entry.kind === 'command') return true;
  if (entry.kind === 'empty') return entry.data.length === 0;
  if (entry.kind !== 'configuration') return false;
  const configuration = decodeConfiguration(entry.data);
  return configuration !== null && configuration.voters.length > 0;
}

function isSnapshotMeta(snapshot: unknown, leaderTerm: number): boolean {
  if (!isObject(snapshot) || !isCount(snapshot.index) || !isCount(snapshot.term)) return false;
  if (snapshot.index < 1 || snapshot.term < 1 || snapshot.term > leaderTerm) return false;
  // A snapshot from before the first configuration entry knows nobody, like the base of a joining node.
  return configurationFault(snapshot.configuration, true) === null;
}

function term(m: Fields): number {
  return m.term as number;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= HIGHEST_NUMBER;
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isContext(value: unknown): boolean {
  return typeof value === 'string' && value.length <= LONGEST_CONTEXT;
}
