/** How far flashing is: on a terminal a line that changes, elsewhere one line a phase. */

export type Phase = 'checking' | 'writing' | 'reading back';

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Often enough to look alive. */
const redrawMilliseconds = 200;

export class FlashProgress {
  readonly #output: Output;
  readonly #now: () => number;
  #phase: Phase | null = null;
  #startedAt = 0;
  #drawnAt = 0;
  #last = '';

  /** @param now milliseconds of a clock that only goes forward. */
  constructor(output: Output, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
  }

  show(phase: Phase, doneBytes: number, totalBytes: number): void {
    const now = this.#now();
    if (phase !== this.#phase) {
      this.end();
      this.#phase = phase;
      this.#startedAt = now;
      this.#drawnAt = Number.NEGATIVE_INFINITY;
    }
    this.#last = progressLine(phase, doneBytes, totalBytes, (now - this.#startedAt) / 1000);
    if (!this.#output.isTTY || now - this.#drawnAt < redrawMilliseconds) return;
    this.#drawnAt = now;
    this.#output.write(`\r${this.#last}\x1b[K`);
  }

  /** Leaves the last line of the phase standing. */
  end(): void {
    if (this.#phase === null) return;
    this.#output.write(this.#output.isTTY ? `\r${this.#last}\x1b[K\n` : `${this.#last}\n`);
    this.#phase = null;
  }
}

/** `writing        45 %    210 MiB of 466 MiB   23.1 MB/s   0:12 left`. */
export function progressLine(phase: Phase, done: number, total: number, seconds: number): string {
  const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
  const rate = seconds > 0 ? done / seconds : 0;
  const left = rate > 0 && done < total ? `   ${clockText((total - done) / rate)} left` : '';
  const speed = rate > 0 ? `   ${(rate / 1e6).toFixed(1)} MB/s` : '';
  return `${phase.padEnd(12)} ${String(percent).padStart(3)} %   ${sizeText(done)} of ${sizeText(total)}${speed}${left}`;
}

/** Binary units, as disks are partitioned in them. */
export function sizeText(bytes: number): string {
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MiB`;
}

function clockText(seconds: number): string {
  const whole = Math.ceil(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
