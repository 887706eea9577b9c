/**
 * What a node finds on its disk at start, and what may still be trusted of it. The log and the state must fit
 * together; a node that lost what it once confirmed must not take part under its old identity.
 */
import type { Configuration, LogIndex, NodeId, SnapshotMeta, Term } from '../raft/types.ts';
import { type LogStorage, openLogStorage } from './log/log-storage.ts';
import { finishReplacingState, removeState, type StoragePaths } from './state-files.ts';
import { openStateMachine, type StateMachine } from './state-machine/state-machine.ts';
import { StateError } from './state-machine/tables.ts';

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
export async function recoverStorage(paths: StoragePaths, founder: NodeId | null): Promise<RecoveredStorage> {
  finishReplacingState(paths);
  const log = await openLogStorage({ directory: paths.log });
  const { recovered } = log;
  if (recovered.damaged !== null)
    throw new DamagedError(`The consensus log is damaged: ${recovered.damaged}.`);
  const machine = openState(paths.state, recovered.base);
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
  if (applied.index <= lastIndex) return { log, machine, base: recovered.base, entries: recovered.entries };
  // A snapshot was put in place and the power went before the log knew: the state holds all the log lacks.
  const configuration = machine.configuration() ?? recovered.base.configuration;
  const base = { ...applied, configuration };
  await log.reset(base);
  return { log, machine, base, entries: [] };
}

async function foundStorage(
  log: LogStorage,
  machine: StateMachine,
  founder: NodeId,
): Promise<RecoveredStorage> {
  const configuration: Configuration = { voters: [founder], outgoing: [], learners: [] };
  const base = { ...blankBase, configuration };
  await log.append({ hardState: null, base, entries: [] });
  machine.setInitialConfiguration(configuration);
  return { log, machine, base, entries: [] };
}

/** A damaged state is made again from the log, as long as the log reaches back to the beginning. */
function openState(file: string, base: SnapshotMeta): StateMachine {
  try {
    return openStateMachine(file);
  } catch (error) {
    if (!(error instanceof StateError) || error.code !== 'corrupt') throw error;
    if (base.index > 0) throw new DamagedError(error.message);
    removeState(file);
    return openStateMachine(file);
  }
}
