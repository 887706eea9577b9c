/** Commands and entries for tests of the state machine, written as briefly as they can be read. */
import type { Configuration, Entry, LogIndex, Term } from '../../../raft/types.ts';
import { encodeCommand } from '../command-codec.ts';
import type { Command, CommandBody, CommandResult } from '../commands.ts';
import type { Comparison, Operation, PutOperation } from '../model.ts';
import type { StateMachine } from '../state-machine.ts';

export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
export const text = (content: Uint8Array): string => Buffer.from(content).toString();
export const noConfiguration = (): Configuration => ({ voters: [], outgoing: [], learners: [] });

let lastSequence = 0;

export function command(body: CommandBody, session = 7): Command {
  lastSequence += 1;
  return { session, sequence: lastSequence, acknowledged: 1, body };
}

export function transaction(...success: Operation[]): Command {
  return command({ kind: 'transaction', compare: [], success, failure: [] });
}

export function conditional(compare: Comparison[], success: Operation[], failure: Operation[] = []): Command {
  return command({ kind: 'transaction', compare, success, failure });
}

export function put(key: string, value: string, more: Partial<PutOperation> = {}): PutOperation {
  return { operation: 'put', key: bytes(key), value: bytes(value), ...more };
}

export const del = (key: string, end?: string): Operation => ({
  operation: 'delete',
  key: bytes(key),
  ...(end === undefined ? {} : { end: bytes(end) }),
});

/** The commands as the next entries of the machine's log. */
export function entriesFor(machine: StateMachine, commands: readonly Command[]): Entry[] {
  const first = machine.applied().index + 1;
  return commands.map((each, i) => ({
    index: (first + i) as LogIndex,
    term: 1 as Term,
    kind: 'command',
    data: encodeCommand(each),
  }));
}

/** Applies commands as the next entries and returns their results. */
export function applyAll(machine: StateMachine, ...commands: Command[]): CommandResult[] {
  return [...machine.apply(entriesFor(machine, commands), noConfiguration).values()];
}

export function checksum(machine: StateMachine): number {
  const hash = machine.hashing(machine.view.number('revision')).step(100_000);
  if (hash === null) throw new Error('more rows than a test should make');
  return hash;
}
