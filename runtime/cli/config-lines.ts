/** The text of `trivet config`. */
import {
  type ConfigReport,
  type ExplainedSource,
  type ExplainedValue,
  inParts,
  type Origin,
} from '../config/explain.ts';

/** The values as they would stand in a configuration. */
export function valuesTree({ values }: ConfigReport): Record<string, unknown> {
  const tree: Record<string, unknown> = {};
  for (const { path, value } of values) {
    let holder = tree;
    for (const step of path.slice(0, -1)) {
      holder[step] ??= {};
      holder = holder[step] as Record<string, unknown>;
    }
    holder[path.at(-1)!] = value;
  }
  return tree;
}

export function formatExplained(report: ConfigReport): string {
  const rows = report.values.flatMap(rowsOf);
  const width = Math.min(48, Math.max(...rows.map(([said]) => said.length)));
  const lines = [
    ...rows.map(([said, origin]) => `${said.padEnd(width)}  # ${origin}`),
    '',
    'Sources, each over the ones before it:',
    ...report.sources.map((source) => `  ${source.place}: ${stateOf(source)}`),
    ...(report.changed ? ['They say something else by now, which the next start of the agent takes.'] : []),
    ...(report.state === 'waiting' ? ['No source names a cluster: this machine waits.'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function rowsOf({ path, value, origin, overridden }: ExplainedValue): [said: string, origin: string][] {
  const where = origin === null ? 'default' : placeOf(origin);
  return [
    [`${path.join('.')}: ${JSON.stringify(value)}`, where],
    ...overridden.map((below): [string, string] => [
      `  instead of ${JSON.stringify(below.value)}`,
      placeOf(below),
    ]),
  ];
}

function placeOf({ place, line }: Origin): string {
  return line === 0 ? place : `${place}, line ${line}`;
}

function stateOf({ name, serves, problem, note }: ExplainedSource): string {
  if (inParts.includes(name) && problem !== null) return `not taken as a whole: ${problem}`;
  if (problem !== null) {
    const instead = serves === 'kept' ? 'not taken, what it said before serves' : 'not taken';
    return `${instead}: ${problem.replaceAll('\n', '\n    ')}`;
  }
  if (serves === 'kept') return `${note ?? 'away'}; what it said before serves`;
  return serves === 'now' ? 'taken' : (note ?? 'says nothing');
}
