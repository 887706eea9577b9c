/** `trivet nodes`: the members, the machines that wait to be let in, and the enrolment window. */
import { askAgent } from '../admin/client.ts';
import type { ClusterStatus, EnrolmentAnswer } from '../admin/protocol.ts';
import { usageError } from './command-error.ts';

export interface NodesOptions {
  readonly socket: string;
  readonly json: boolean;
}

const actions = {
  list: 'trivet nodes',
  approve: 'trivet nodes approve NODE',
  refuse: 'trivet nodes refuse NODE',
  open: 'trivet nodes open',
  close: 'trivet nodes close',
} as const;
type Action = keyof typeof actions;

export async function nodesCommand(
  action: string,
  node: string | undefined,
  { socket, json }: NodesOptions,
): Promise<void> {
  if (!isAction(action)) throw usageError(`nodes ${action}: there is ${Object.keys(actions).join(', ')}.`);
  const takesNode = action === 'approve' || action === 'refuse';
  if (takesNode !== (node !== undefined)) throw usageError(`Usage: ${actions[action]}`);
  const params = takesNode ? { action, node } : { action };
  const desk = (await askAgent(socket, 'nodes.enrolment', params)) as EnrolmentAnswer;
  const { nodes } = (await askAgent(socket, 'status')) as ClusterStatus;
  const text = json ? JSON.stringify({ nodes, enrolment: desk }, null, 2) : formatNodes(nodes, desk);
  process.stdout.write(`${text}\n`);
}

function isAction(action: string): action is Action {
  return Object.hasOwn(actions, action);
}

/** A line for each member, then who waits, then whether the secret admits machines. */
export function formatNodes(nodes: ClusterStatus['nodes'], desk: EnrolmentAnswer): string {
  const rows = [
    ...nodes.map(({ id, name, address, role, online }) => [
      ...[name, id, address, role, online ? 'online' : 'offline'],
    ]),
    ...desk.applicants.map(({ id, name, address, serial, approved }) => [
      ...[name, id, address, approved ? 'approved' : 'waits for approval'],
      serial === null ? '' : `serial ${serial}`,
    ]),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const window =
    desk.closed === null
      ? `enrolment: open${desk.vouchers ? ' to machines with a voucher (trivet vouchers)' : ''}, ${desk.admitted} admitted (trivet nodes close)`
      : `enrolment: closed, because ${desk.closed} (trivet nodes open)`;
  return [...lines, window].join('\n');
}
