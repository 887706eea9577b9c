/**
 * The consoles of this machine, opened for writing only. One that is slow, such as a serial line that nobody reads, is never
 * waited for: what it has not taken is written on later, and what has become old meanwhile is left out.
 */
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import tty from 'node:tty';
import { drawAsLines, drawOnTerminal, leaveTerminal, lineSize, screenSizeOn } from './drawing.ts';
import type { ScreenSize } from './screen.ts';

/** A serial line is also what a person reads back later: news come together. */
const lineEveryMilliseconds = 10_000;

/** The devices of the kernel's consoles; of the virtual ones the first, which is what a screen shows after the start. */
export function consoleDevices(active = readActive()): string[] {
  return active
    .split(/\s+/)
    .filter((name) => /^[A-Za-z0-9]+$/.test(name))
    .map((name) => `/dev/${name === 'tty0' ? 'tty1' : name}`);
}

function readActive(): string {
  try {
    return readFileSync('/sys/class/tty/console/active', 'utf8');
  } catch {
    return '';
  }
}

/** A virtual terminal can be drawn on; of anything else nobody knows what is at its other end. */
function isScreen(device: string): boolean {
  return /^\/dev\/tty\d+$/.test(device);
}

export class ConsoleTerminal {
  readonly device: string;
  readonly #descriptor: number;
  readonly #isScreen: boolean;
  readonly #terminal: ScreenSize;
  #shown: readonly string[] | null = null;
  #pending = Buffer.alloc(0);
  #shownAt = Number.NEGATIVE_INFINITY;

  /** Throws what opening the device throws. */
  constructor(device: string) {
    this.device = device;
    this.#descriptor = openSync(device, constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
    this.#isScreen = isScreen(device);
    this.#terminal = this.#isScreen ? sizeOf(device) : lineSize;
  }

  /** Of what `show` takes. */
  get size(): ScreenSize {
    return this.#isScreen ? screenSizeOn(this.#terminal) : lineSize;
  }

  /** @param now monotonic milliseconds. */
  show(lines: readonly string[], now: number): void {
    this.#flush();
    if (this.#pending.length > 0 || this.#mustWait(now)) return;
    const text = this.#isScreen
      ? drawOnTerminal(lines, this.#shown, this.#terminal)
      : drawAsLines(lines, this.#shown);
    this.#shown = lines;
    if (text === '') return;
    this.#shownAt = now;
    this.#pending = Buffer.from(text, 'latin1');
    this.#flush();
  }

  close(): void {
    if (this.#isScreen && this.#shown !== null) {
      this.#pending = Buffer.concat([this.#pending, Buffer.from(leaveTerminal(this.#terminal), 'latin1')]);
      this.#flush();
    }
    closeSync(this.#descriptor);
  }

  #mustWait(now: number): boolean {
    return !this.#isScreen && now - this.#shownAt < lineEveryMilliseconds;
  }

  #flush(): void {
    try {
      while (this.#pending.length > 0) {
        const written = writeSync(this.#descriptor, this.#pending);
        this.#pending = this.#pending.subarray(written);
      }
    } catch (error) {
      // It takes no more at the moment; a device that has gone takes nothing ever.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') this.#pending = Buffer.alloc(0);
    }
  }
}

function sizeOf(device: string): ScreenSize {
  const smallest = { columns: 80, rows: 25 };
  const descriptor = openSync(device, constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
  if (!tty.isatty(descriptor)) {
    closeSync(descriptor);
    return smallest;
  }
  const stream = new tty.WriteStream(descriptor);
  const [columns, rows] = stream.getWindowSize();
  stream.destroy();
  return columns > 0 && rows > 0 ? { columns, rows } : smallest;
}
