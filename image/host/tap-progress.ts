/**
 * Reads the TAP (version 14) that a run of test files gives, shows one line a file and everything a failing one said,
 * and counts assertions: the test points that have no points of their own beneath them.
 */

interface TapSums {
  readonly passed: number;
  readonly failed: number;
}

const point = /^( *)(not )?ok\b(.*)$/;

export class TapProgress {
  readonly #say: (line: string) => void;
  #passed = 0;
  #failed = 0;
  /** The lines of the file that is being read. */
  #file: string[] = [];
  /** Counted points at each depth since the last point one level up. */
  #counted: number[] = [];
  #failedAt: number[] = [];
  /** What follows a failed file says how it ended. */
  #showingDiagnostics = false;

  /** @param say prints one line. */
  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** Takes one line of TAP, without its end. */
  line(text: string): void {
    if (this.#showingDiagnostics) {
      this.#showingDiagnostics = text.startsWith('  ') && text !== '  ...';
      if (text.startsWith('  ')) {
        this.#say(text);
        return;
      }
    }
    const match = point.exec(text);
    this.#file.push(text);
    if (!match) return;
    const depth = (match[1] ?? '').length / 4;
    const failed = match[2] !== undefined;
    const description = match[3] ?? '';
    // Diagnostics may hold lines that look like points; theirs are indented by odd amounts.
    if (!Number.isInteger(depth)) return;
    this.#count(depth, failed, description);
    if (depth === 0) this.#endOfFile(failed, description);
  }

  /** @returns the sums; what was left unfinished is shown. */
  end(): TapSums {
    if (this.#file.some((line) => line.startsWith('    '))) for (const line of this.#file) this.#say(line);
    return { passed: this.#passed, failed: this.#failed };
  }

  #count(depth: number, failed: boolean, description: string): void {
    const children = this.#counted[depth + 1] ?? 0;
    const failedChildren = this.#failedAt[depth + 1] ?? 0;
    this.#counted.length = depth + 1;
    this.#failedAt.length = depth + 1;
    const skipped = /# (skip|todo)\b/i.test(description);
    // A point that sums up others counts only when it failed for a reason of its own, such as a timeout.
    const isAssertion = children === 0 || (failed && failedChildren === 0);
    if (isAssertion && !skipped) {
      if (failed) this.#failed += 1;
      else this.#passed += 1;
    }
    this.#counted[depth] = (this.#counted[depth] ?? 0) + 1;
    this.#failedAt[depth] = (this.#failedAt[depth] ?? 0) + (failed && !skipped ? 1 : 0);
  }

  #endOfFile(failed: boolean, description: string): void {
    const [, name = '', milliseconds] = /^ \d+ - (.*?)(?: # time=([\d.]+)ms)?$/.exec(description) ?? [];
    const seconds = milliseconds === undefined ? '' : `  ${(Number(milliseconds) / 1000).toFixed(1)} s`;
    if (failed) for (const line of this.#file) this.#say(line);
    this.#say(`${failed ? 'FAILED' : 'ok    '}  ${name || description.trim()}${seconds}`);
    this.#file = [];
    this.#showingDiagnostics = failed;
    // A test whose points are never summed up must not lend them to the next file.
    this.#counted = [];
    this.#failedAt = [];
  }
}
