/**
 * What a node finds on its disk at start, and what may still be trusted of it. The log and the state must fit
 * together; a node that lost what it once confirmed must not take part under its old identity.
 */
import type { Configuration, LogIndex, NodeId, SnapshotMeta, Term } from '../raft/types.ts';
import { type LogStorage, type LogStorageOptions, openLogStorage } from './log/log-storage.ts';
import type { Applied, StateMachine } from './state-machine/state-machine.ts';
import { StateError } from './state-machine/tables.ts';
import type { StateStorage } from './state-storage.ts';

export const blankBase: SnapshotMeta = {
  index: 0 as LogIndex,
  term: 0 as Term,
  configuration: { voters: [], outgoing: [], learners: [] },
};

/** The node's data is damaged beyond what it may repair alone: it has to join again as a new node. */
export class DamagedError extends Error {
  override readonly name = 'DamagedError';
}

export interface RecoveredStorage {
  readonly log: LogStorage;
  readonly machine: StateMachine;
  /** What the core starts from; the log's own, or the state's where that is ahead. */
  readonly base: SnapshotMeta;
  readonly entries: LogStorage['recovered']['entries'];
}

/**
 * Opens log and state and makes them fit. `founder` is given once, by the node that starts the cluster. Throws
 * `DamagedError`, `StateError` or `LogStorageError`.
 */
export async function recoverStorage(
  logOptions: LogStorageOptions,
  state: StateStorage,
  founder: NodeId | null,
): Promise<RecoveredStorage> {
  state.finishReplacing();
  const log = await openLogStorage(logOptions);
  const { recovered } = log;
  if (recovered.damaged !== null)
    throw new DamagedError(`The consensus log is damaged: ${recovered.damaged}.`);
  const machine = openState(state, recovered.base);
  const lastIndex = recovered.entries.at(-1)?.index ?? recovered.base.index;
  const applied = machine.applied();
  if (founder !== null && lastIndex === 0 && recovered.base.configuration.voters.length === 0) {
    return foundStorage(log, machine, founder);
  }
  if (applied.index < recovered.base.index) {
    throw new DamagedError(
      `The state ends at entry ${applied.index}, before the log begins (${recovered.base.index}).`,
    );
  }
  if (agrees(recovered, applied)) {
    return { log, machine, base: recovered.base, entries: recovered.entries };
  }
  // A snapshot was put in place and the power went before the log knew: the state holds all the log lacks, and what
  // the log has at that place, or after it, was never committed.
  const configuration = machine.configuration() ?? recovered.base.configuration;
  const base = { ...applied, configuration };
  await log.reset(base);
  return { log, machine, base, entries: [] };
}

/** Whether the log holds the entry that the state ends with, or begins right after it. */
function agrees({ base, entries }: LogStorage['recovered'], applied: Applied): boolean {
  if (applied.index === base.index) return true;
  return entries[applied.index - base.index - 1]?.term === applied.term;
}

async function foundStorage(
  log: LogStorage,
  machine: StateMachine,
  founder: NodeId,
): Promise<RecoveredStorage> {
  const configuration: Configuration = { voters: [founder], outgoing: [], learners: [] };
  // A cluster that begins with the state of another goes on counting where that one ended.
  const { index, term } = machine.applied();
  const base = { index, term, configuration };
  const hardState = index === 0 ? null : { term, vote: null, commit: index };
  await log.append({ hardState, base, entries: [] });
  machine.setInitialConfiguration(configuration);
  return { log, machine, base, entries: [] };
}

/** A damaged state is made again from the log, as long as the log reaches back to the beginning. */
function openState(state: StateStorage, base: SnapshotMeta): StateMachine {
  try {
    return state.open();
  } catch (error) {
    if (!(error instanceof StateError) || error.code !== 'corrupt') throw error;
    if (base.index > 0) throw new DamagedError(error.message);
    state.remove();
    return state.open();
  }
}
