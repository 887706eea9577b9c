/** `trivet vouchers`: which were used, which are refused, and taking over a factory's batch; from any member. */
import { readFileSync, statSync } from 'node:fs';
import { connectAdmin } from '../admin/client.ts';
import type { VouchersAnswer } from '../admin/protocol.ts';
import { voucherIdPattern } from '../vouchers/voucher-id.ts';
import { CommandError, usageError } from './command-error.ts';

export interface VouchersOptions {
  readonly socket: string;
  readonly json: boolean;
}

const usages = {
  list: 'trivet vouchers',
  refuse: 'trivet vouchers refuse ID',
  allow: 'trivet vouchers allow ID',
  claim: 'trivet vouchers claim FILE',
} as const;
type Action = keyof typeof usages;

const largestClaimBytes = 7 * 1024 * 1024;
/** A batch of twenty thousand is written in parts. */
const timeoutMilliseconds = 60_000;

export async function vouchersCommand(
  action: string,
  word: string | undefined,
  { socket, json }: VouchersOptions,
): Promise<void> {
  const params = readParams(action, word);
  const client = await connectAdmin(socket);
  try {
    const answer = (await client.request('vouchers', params, { timeoutMilliseconds })) as VouchersAnswer;
    process.stdout.write(`${json ? JSON.stringify(answer, null, 2) : formatVouchers(answer)}\n`);
  } finally {
    client.close();
  }
}

function readParams(action: string, word: string | undefined): Record<string, unknown> {
  if (!isAction(action)) throw usageError(`vouchers ${action}: there is ${Object.keys(usages).join(', ')}.`);
  if ((action === 'list') !== (word === undefined)) throw usageError(`Usage: ${usages[action]}`);
  if (action === 'list' || word === undefined) return { action };
  if (action === 'claim') return { action, claim: readText(word) };
  const id = word.toLowerCase();
  if (!voucherIdPattern.test(id))
    throw usageError(`"${word}" is no voucher: its 12 digits are on the label, such as 1a2b-3c4d-5e6f`);
  return { action, id };
}

function isAction(action: string): action is Action {
  return Object.hasOwn(usages, action);
}

/** The agent checks what is in it. */
function readText(file: string): string {
  try {
    if (statSync(file).size > largestClaimBytes) throw new Error('it is too large for the claim of a batch');
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CommandError(
      `${file} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : message}.`,
    );
  }
}

/** A line for each voucher, then which batches are trusted. */
export function formatVouchers({ claimed, keys, vouchers }: VouchersAnswer): string {
  const rows = vouchers.map(({ id, name, serial, state, usedBy, usedByName }) => [
    ...[id, name ?? '', serial ?? ''],
    state === 'used' ? `used by ${usedByName ?? 'a node that is gone'} (${usedBy})` : state,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => formatRow(row, widths));
  const trusted = keys.map(({ fingerprint }) => `batch key ${fingerprint}: its vouchers admit machines`);
  const nothing =
    'No batch is trusted: machines need no voucher (cluster.enrolment.vouchers, vouchers claim).';
  return [
    ...(claimed === null ? [] : [`The batch ${claimed} was taken over.`]),
    ...lines,
    ...(keys.length === 0 ? [nothing] : trusted),
  ].join('\n');
}

function formatRow(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, i) => [cell, widths[i] ?? 0] as const)
    .filter(([, width], i) => width > 0 || i === 3)
    .map(([cell, width]) => cell.padEnd(width))
    .join('  ')
    .trimEnd();
}
