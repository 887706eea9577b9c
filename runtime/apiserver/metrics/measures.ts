/**
 * Numbers that are counted as things happen, and read when somebody asks: counters, gauges and histograms, with labels. Counting
 * costs a look into a map and an addition, so that it can stand in the way of every request; a library writes them down
 * (`write-measures.ts`), which is loaded when they are first asked for.
 */

export interface Sample {
  /** Of a histogram's parts; the measure's own where it is left out. */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** As Prometheus has them. Names of units and types as in the real server, where they mean the same. */
export interface Measure {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly read: () => readonly Sample[] | Promise<readonly Sample[]>;
}

/** One number, or one distribution, of one set of labels. */
export interface Cell {
  readonly add: (by?: number) => void;
  /** Of a histogram: counts a value. Of a gauge: what it is now. */
  readonly observe: (value: number) => void;
}

export interface Family extends Measure {
  /** In the order of the labels' names. The same cell for the same values. */
  readonly of: (...values: readonly string[]) => Cell;
}

export interface FamilyOptions {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Whoever can invent labels must not fill the memory: what comes beyond is counted together. */
const mostCells = 5_000;
const beyond = 'other';

export function openCounter(options: FamilyOptions): Family {
  return openFamily(options, 'counter', numberCell);
}

export function openGauge(options: FamilyOptions): Family {
  return openFamily(options, 'gauge', numberCell);
}

/** @param bounds the upper ends of its buckets, in order */
export function openHistogram(options: FamilyOptions, bounds: readonly number[]): Family {
  return openFamily(options, 'histogram', () => distributionCell(options.name, bounds));
}

interface ReadableCell extends Cell {
  readonly read: (labels: Sample['labels']) => readonly Sample[];
}

function openFamily(
  { name, help, labels }: FamilyOptions,
  type: Measure['type'],
  makeCell: () => ReadableCell,
): Family {
  const cells = new Map<string, { readonly labels: Sample['labels']; readonly cell: ReadableCell }>();
  const make = (key: string, values: readonly string[]): Cell => {
    const named = Object.fromEntries(labels.map((label, index) => [label, values[index] ?? '']));
    const cell = makeCell();
    cells.set(key, { labels: named, cell });
    return cell;
  };
  const others = labels.map(() => beyond);
  const of = (...values: readonly string[]): Cell => {
    const key = values.join('\n');
    const known = cells.get(key);
    if (known !== undefined) return known.cell;
    if (cells.size < mostCells) return make(key, values);
    return cells.get(others.join('\n'))?.cell ?? make(others.join('\n'), others);
  };
  const read = (): readonly Sample[] => [...cells.values()].flatMap(({ labels, cell }) => cell.read(labels));
  return { name, help, type, of, read };
}

function numberCell(): ReadableCell {
  let value = 0;
  return {
    add: (by = 1) => {
      value += by;
    },
    observe: (now) => {
      value = now;
    },
    read: (labels) => [{ labels, value }],
  };
}

function distributionCell(name: string, bounds: readonly number[]): ReadableCell {
  const counts = new Float64Array(bounds.length + 1);
  let sum = 0;
  const observe = (value: number): void => {
    let index = 0;
    while (index < bounds.length && value > (bounds[index] as number)) index += 1;
    counts[index] = (counts[index] as number) + 1;
    sum += value;
  };
  return {
    ...{ observe, add: (by = 1) => observe(by) },
    read: (labels) => {
      let total = 0;
      const buckets = [...bounds.map(String), '+Inf'].map((le, index): Sample => {
        total += counts[index] as number;
        return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total };
      });
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: total },
      ];
    },
  };
}
