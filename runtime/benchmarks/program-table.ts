/** What the executables cost, for a terminal and for the README. */
import type { CostRow } from './program-cost.ts';

const heads = ['', 'static', 'plain Node', '', 'static / plain'];

export function formatCostTable(rows: readonly CostRow[]): string {
  const cells = [heads, ...rows.map(cellsOf)];
  const widths = widthsOf(cells);
  const isNumber = (column: number): boolean => column === 1 || column === 2 || column === 4;
  return cells
    .map((line) =>
      line
        .map((cell, column) => pad(cell, widths[column]!, isNumber(column)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** As Biome writes tables. */
export function formatCostMarkdown(rows: readonly CostRow[]): string {
  const cells = [heads, ...rows.map(cellsOf)];
  const widths = widthsOf(cells);
  const lines = cells.map((line) => line.map((cell, column) => cell.padEnd(widths[column]!)));
  const rule = widths.map((width) => '-'.repeat(width));
  return [lines[0]!, rule, ...lines.slice(1)].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

function cellsOf(row: CostRow): readonly string[] {
  return [
    row.name,
    row.static.toFixed(1),
    row.dynamic.toFixed(1),
    row.unit,
    (row.static / row.dynamic).toFixed(2),
  ];
}

function widthsOf(cells: readonly (readonly string[])[]): readonly number[] {
  return heads.map((_, column) => Math.max(3, ...cells.map((line) => line[column]!.length)));
}

function pad(cell: string, width: number, right: boolean): string {
  return right ? cell.padStart(width) : cell.padEnd(width);
}
