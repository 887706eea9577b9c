/** Many power cuts, on several disks at once: each job takes a new disk now and then, so that first boots are cut too. */
import path from 'node:path';
import { seededRandom } from '../../runtime/raft/testing/seeded-random.ts';
import type { BootImage } from '../machine/image.ts';
import { Chain, type CutReport, LossError } from './chain.ts';

export interface RunOptions {
  readonly image: BootImage;
  readonly directory: string;
  readonly cuts: number;
  readonly jobs: number;
  readonly seed: number;
  readonly onCut: (report: CutReport, done: number) => void;
}

export interface RunResult {
  readonly reports: readonly CutReport[];
  /** What was lost, each with where the evidence is. */
  readonly losses: readonly string[];
  /** Why jobs ended early for another reason than a loss; what was reported before still counts. */
  readonly failures: readonly string[];
}

const cutsOfOneDisk = 25;

/** A job stops at its first loss, or when the run itself breaks. */
export async function runCuts(options: RunOptions): Promise<RunResult> {
  const reports: CutReport[] = [];
  const losses: string[] = [];
  const failures: string[] = [];
  let begun = 0;
  const work = async (job: number): Promise<void> => {
    for (let disk = 1; begun < options.cuts; disk += 1) {
      const name = `j${job}d${disk}`;
      const random = seededRandom(options.seed * 10_007 + job * 101 + disk);
      const chain = new Chain({ name, directory: options.directory, image: options.image, random });
      for (let cut = 0; cut < cutsOfOneDisk && begun < options.cuts; cut += 1) {
        begun += 1;
        reports.push(await chain.cutOnce());
        options.onCut(reports.at(-1) as CutReport, reports.length);
      }
      await chain.checkLast();
      chain.close();
    }
  };
  const jobs = Array.from({ length: options.jobs }, (_, job) =>
    work(job + 1).catch((error: unknown) => {
      if (error instanceof LossError) losses.push(error.message);
      else failures.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }),
  );
  await Promise.all(jobs);
  return { reports, losses, failures };
}

/** The sum of it for a person. */
export function summarize({ reports, losses, failures }: RunResult, seconds: number): string {
  const sum = (of: (report: CutReport) => number): number => reports.reduce((all, each) => all + of(each), 0);
  const count = (of: (report: CutReport) => boolean): number => reports.filter(of).length;
  const perBoot = reports.length > 0 ? sum((each) => each.bootSeconds) / reports.length : 0;
  const rows: [string, string][] = [
    ['power cuts', `${reports.length}, each followed by a boot and a check of everything`],
    ['of them while starting', String(count((each) => each.whileStarting))],
    ['with writes that were not flushed', String(count((each) => each.cut.unflushed > 0))],
    [
      'with writes lost or torn',
      `${count((each) => each.cut.lost > 0)} (${sum((each) => each.cut.lost)} writes)`,
    ],
    ['acknowledged writes checked', String(sum((each) => each.acknowledged))],
    ['from power-on to everything checked', `${perBoot.toFixed(1)} s on average`],
    ['whole run', `${Math.round(seconds)} s`],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  const table = rows.map(([label, value]) => `${label.padEnd(width)}  ${value}\n`).join('');
  const verdict =
    losses.length === 0
      ? 'No acknowledged write was lost, the node came back as itself, every file system was in order.\n'
      : losses.map((loss) => `LOST ${loss}\n`).join('\n');
  const broken = failures.map((failure) => `The run itself broke: ${failure}\n`).join('');
  return `\n${table}\n${verdict}${broken}`;
}

/** One cut in a line. */
export function describeCut(report: CutReport, done: number, cuts: number): string {
  const { cut, acknowledged, whileStarting, bootSeconds } = report;
  const lost =
    cut.unflushed === 0
      ? 'nothing unflushed'
      : `${cut.lost} of ${cut.unflushed} unflushed lost (${cut.fate})`;
  const when = whileStarting ? 'while starting' : `${acknowledged} acknowledged`;
  return `cut ${done} of ${cuts}: ${when}, ${lost}, boot ${bootSeconds.toFixed(1)} s`;
}

/** Where the files of a run go. */
export function runDirectory(base: string, seed: number): string {
  return path.join(base, `trivet-powercut-${seed}`);
}
