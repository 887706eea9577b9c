/** The results for a person's eyes. */
import type { Row } from './bench.ts';

export function formatTable(rows: readonly Row[]): string {
  const cells = [
    ['', 'trivet', 'etcd', 'unit', 'trivet / etcd', ''],
    ...rows.map((row) => [
      row.name,
      number(row.trivet),
      number(row.etcd),
      row.unit,
      ratio(row),
      verdict(row),
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  return cells
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 || column > 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** How many times as good as etcd, whichever way is better; null where one side is missing. */
export function timesAsGood(row: Row): number | null {
  if (row.trivet === null || row.etcd === null || row.trivet === 0 || row.etcd === 0) return null;
  return row.better === 'higher' ? row.trivet / row.etcd : row.etcd / row.trivet;
}

function ratio(row: Row): string {
  return row.trivet === null || row.etcd === null || row.etcd === 0 ? '' : (row.trivet / row.etcd).toFixed(2);
}

function verdict(row: Row): string {
  const times = timesAsGood(row);
  return times === null ? '' : times >= 1 ? 'better' : 'worse';
}

function number(value: number | null): string {
  if (value === null) return '-';
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(value >= 10 ? 1 : 2);
}
