/**
 * The status screen as plain lines: who this machine is, where, in which cluster, how that is, and what it waits for. The most
 * important comes first, since what does not fit is left out from the end. Pure.
 */
import type { ClusterStatus, EnrolmentAnswer, SystemStatus } from '../admin/protocol.ts';
import type { ConsoleFacts } from './facts.ts';

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** As wide as the labels of `trivet status`. */
export const labelColumns = 11;

/** At most `rows` lines of at most `columns` printable ASCII characters. */
export function renderScreen(facts: ConsoleFacts, { columns, rows }: ScreenSize): string[] {
  const lines = entriesOf(facts).flatMap(([label, text]) => wrapEntry(label, plain(text), columns));
  if (lines.length <= rows) return lines;
  const left = `${' '.repeat(labelColumns)}... ${lines.length - rows + 1} more lines: trivet status`;
  return [...lines.slice(0, rows - 1), left.slice(0, columns)];
}

type Entry = readonly [label: string, text: string];

function entriesOf(facts: ConsoleFacts): Entry[] {
  const { status, silence, hostName } = facts;
  const system = status?.system ?? null;
  const head: Entry[] = [
    ['system', system === null ? 'Trivet' : describeSystem(system)],
    ['name', status === null ? hostName : `${status.self.name}${status.self.id && ` (${status.self.id})`}`],
    ...(status?.self.fingerprint === undefined ? [] : [['key', inGroups(status.self.fingerprint)] as const]),
    ['addresses', facts.addresses.map(({ name, address }) => `${name} ${address}`).join(', ') || 'none yet'],
  ];
  const agent: Entry = ['agent', silence === null ? 'answers' : describeSilence(silence, status !== null)];
  return [...head, agent, ...(status === null ? [] : clusterEntries(status, facts.enrolment))];
}

function describeSilence(
  { since, reason }: NonNullable<ConsoleFacts['silence']>,
  hasAnswered: boolean,
): string {
  const before = hasAnswered ? 'Below is what it said last.' : 'It has not said anything yet.';
  return `does not answer since ${timeOf(since)} (${reason}). ${before}`;
}

function clusterEntries(status: ClusterStatus, enrolment: EnrolmentAnswer | null): Entry[] {
  const { clusterName, clusterId, nodes, highAvailability, survives, reason, warnings, system } = status;
  const isIn = status.self.state === 'member';
  const survival = `survives the loss of ${survives} node${survives === 1 ? '' : 's'}`;
  const online = nodes.filter((node) => node.online).length;
  return [
    ['cluster', `${clusterName}${clusterId === null ? '' : ` (${clusterId})`}`],
    ['role', describeRole(status)],
    ['health', highAvailability ? `highly available, ${survival}` : 'not highly available'],
    ...(reason === null ? [] : [[isIn ? 'reason' : 'waits for', reason] as const]),
    ...(isIn ? [['nodes', `${online} of ${nodes.length} online`] as const] : []),
    ...(enrolment === null ? [] : [['enrolment', describeEnrolment(enrolment)] as const]),
    ...(system?.lastUpdate ? [['update', system.lastUpdate.message] as const] : []),
    ...(system?.problem ? [['problem', system.problem] as const] : []),
    ...warnings.map((warning) => ['warning', warning] as const),
  ];
}

const trials = { good: 'good', trial: 'on trial', unknown: 'not known whether it is good' } as const;

function describeSystem({ name, version, slot, state, keys }: SystemStatus): string {
  const signed = keys === 'development' ? ', development keys' : '';
  return `Trivet ${version} (${name}), slot ${slot ?? '?'}, ${trials[state]}${signed}`;
}

function describeRole({ self, nodes, leader }: ClusterStatus): string {
  switch (self.state) {
    case 'waiting':
      return 'none: this machine has not been told its cluster';
    case 'blank':
      return 'none: this machine is not a member yet';
    case 'removed':
      return 'none: this machine was removed from its cluster';
    case 'copy':
      return 'none: another machine has the same identity';
    case 'member': {
      const role = nodes.find(({ id }) => id === self.id)?.role;
      return `member${role === undefined ? '' : `, ${role}`}${leader === self.id ? ', leads the cluster' : ''}`;
    }
  }
}

function describeEnrolment({ closed, admitted, applicants }: EnrolmentAnswer): string {
  const waiting = applicants.filter(({ approved }) => !approved).length;
  const who =
    waiting === 0
      ? ''
      : `; ${waiting} machine${waiting === 1 ? ' waits' : 's wait'} for approval (trivet nodes)`;
  return `${closed === null ? `open, ${admitted} admitted` : `closed, because ${closed}`}${who}`;
}

/** By this machine's clock, which may be wrong. */
function timeOf(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function inGroups(digits: string): string {
  return digits.match(/.{1,16}/g)?.join(' ') ?? '';
}

/** What a text from elsewhere may not do to a terminal; consoles know ASCII for certain. */
function plain(text: string): string {
  return text
    .replaceAll(/[‘’]/g, "'")
    .replaceAll(/[“”]/g, '"')
    .replaceAll('…', '...')
    .replaceAll(/[–—]/g, '-')
    .replaceAll(/[^\x20-\x7e]+/g, '?');
}

/** Breaks between words, and within those that are longer than a line. */
function wrapEntry(label: string, text: string, columns: number): string[] {
  const width = Math.max(1, columns - labelColumns);
  const lines: string[] = [];
  let line = '';
  for (let word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    for (; word.length > width; word = word.slice(width)) lines.push(word.slice(0, width));
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each, i) =>
    `${(i === 0 ? `${label}:` : '').padEnd(labelColumns)}${each}`.slice(0, columns).trimEnd(),
  );
}
