/** What was started and how long it took, for a terminal. Pure. */

export interface Outcome {
  readonly subject: string;
  /** By what it was started, and what was waited for. */
  readonly way: string;
  /** From power-on; null when it did not get there. */
  readonly seconds: number | null;
  /** How far it came, or why it failed; one line for a table. */
  readonly remark: string;
}

export function formatTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ subject, way, seconds, remark }) => [
    subject,
    way,
    seconds === null ? 'FAILED' : `${Math.round(seconds)} s`,
    remark.split('\n')[0]!,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
