/** What every measurement is given, and what it gives: rounds in turns, and rows of a table. */
import type { LoadClient } from './load.ts';
import { median } from './statistics.ts';
import type { Subject } from './subject.ts';

export interface Row {
  readonly name: string;
  readonly unit: string;
  /** Which way is better. */
  readonly better: 'higher' | 'lower';
  readonly trivet: number | null;
  readonly etcd: number | null;
}

export interface Bench {
  readonly subjects: readonly Subject[];
  readonly client: LoadClient;
  readonly directory: string;
  /** The device's executable; undefined: the sources. */
  readonly program: string | undefined;
  readonly rounds: number;
  readonly roundMilliseconds: number;
  readonly faults: number;
  readonly idleMilliseconds: number;
  readonly saturationMilliseconds: number;
  readonly say: (line: string) => void;
}

export type Measurement = (bench: Bench) => Promise<Row[]>;

type Figures<K extends string> = Readonly<Record<K, number>>;

/** Each side's rounds, one side after the other within each round; the sides change places from round to round. */
export async function inTurns<K extends string>(
  bench: Bench,
  measure: (subject: Subject) => Promise<Figures<K>>,
): Promise<ReadonlyMap<string, readonly Figures<K>[]>> {
  const results = new Map<string, Figures<K>[]>(bench.subjects.map((subject) => [subject.name, []]));
  for (let round = 0; round < bench.rounds; round += 1) {
    const order = round % 2 === 0 ? bench.subjects : [...bench.subjects].reverse();
    for (const subject of order) results.get(subject.name)!.push(await measure(subject));
  }
  return results;
}

/** The median of the rounds. */
export function row<K extends string>(
  name: string,
  unit: string,
  better: Row['better'],
  measured: ReadonlyMap<string, readonly Figures<K>[]>,
  figure: K,
): Row {
  const of = (side: string): number | null => {
    const rounds = measured.get(side);
    return rounds === undefined || rounds.length === 0 ? null : median(rounds.map((round) => round[figure]));
  };
  return { name, unit, better, trivet: of('trivet'), etcd: of('etcd') };
}
