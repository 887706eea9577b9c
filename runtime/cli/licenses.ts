/** `trivet licenses`: what is in the executable, under which licences, and their texts. */
import { getAsset } from 'node:sea';
import { decodeNotices, type Notice, type Notices, noticesFile } from '../licenses/notices.ts';
import { linkage } from '../version.ts';
import { CommandError, usageError } from './command-error.ts';

export interface LicensesOptions {
  readonly all: boolean;
  readonly json: boolean;
}

/** Without a name the table, or with `all` every text; with a name the texts of the components of that name. */
export function licensesCommand(name: string | undefined, options: LicensesOptions): void {
  if (name !== undefined && options.all) throw usageError('Give a name or --all, not both.');
  process.stdout.write(formatLicenses(readNotices(), name, options));
}

/** What the command prints. @throws CommandError when nothing in the executable has that name. */
export function formatLicenses(
  notices: Notices,
  name: string | undefined,
  { all, json }: LicensesOptions,
): string {
  const chosen = name === undefined ? notices.components : findComponents(notices, name);
  const withText = all || name !== undefined;
  if (json) {
    const records = chosen.map(({ start, end, ...component }) =>
      withText ? { ...component, text: notices.text.slice(start, end) } : component,
    );
    return `${JSON.stringify(records, null, 2)}\n`;
  }
  if (all) return notices.text;
  return name === undefined
    ? formatTable(chosen)
    : chosen.map(({ start, end }) => notices.text.slice(start, end)).join('\n');
}

function readNotices(): Notices {
  if (linkage !== 'static') {
    throw new CommandError(
      'The licences are collected when the executable is built. Run "npx trivet binary", and then the executable with "licenses".',
    );
  }
  return decodeNotices(new Uint8Array(getAsset(noticesFile)));
}

function findComponents({ components }: Notices, name: string): readonly Notice[] {
  const found = components.filter((component) => component.name.toLowerCase() === name.toLowerCase());
  if (found.length > 0) return found;
  throw new CommandError(
    `There is nothing called "${name}" in this executable. "trivet licenses" lists what is.`,
  );
}

function formatTable(components: readonly Notice[]): string {
  const rows = [
    ['NAME', 'VERSION', 'LICENCE', 'FROM'],
    ...components.map(({ name, version, license, source }) => [name, version, license, source]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}
