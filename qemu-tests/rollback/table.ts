/** The table of recipes and failures, for a terminal. Pure. */

export interface CellOutcome {
  readonly subject: string;
  readonly failure: string;
  readonly ok: boolean;
  readonly seconds: number;
  /** Of a power cut: which versions the machines ended up with. Of a failure: why. */
  readonly remark: string;
}

export function formatTable(outcomes: readonly CellOutcome[], titles: ReadonlyMap<string, string>): string {
  const subjects = [...new Set(outcomes.map(({ subject }) => subject))];
  const names = [...titles.keys()].filter((name) => outcomes.some(({ failure }) => failure === name));
  const width = Math.max(...names.map((name) => titles.get(name)!.length));
  const columns = subjects.map((subject) => Math.max(subject.length, 'FAILED 000 s'.length));
  const line = (label: string, cells: readonly string[]): string =>
    [label.padEnd(width), ...cells.map((cell, index) => cell.padEnd(columns[index]!))].join('  ').trimEnd();
  const rows = names.map((name) =>
    line(
      titles.get(name)!,
      subjects.map((subject) => {
        const outcome = outcomes.find((one) => one.subject === subject && one.failure === name);
        if (outcome === undefined) return '-';
        return `${outcome.ok ? 'ok' : 'FAILED'} ${Math.round(outcome.seconds)} s`;
      }),
    ),
  );
  return `${[line('', subjects), ...rows].join('\n')}\n`;
}
