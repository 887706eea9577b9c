/**
 * A serial console in a file, each line behind the seconds since power-on. What was said is kept, for tests that wait
 * for a line and for the report of a failure.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

/** Longer lines, and text without line ends, are written in pieces of this length. */
const longestLineCharacters = 4096;

export class ConsoleLog {
  readonly file: string;
  readonly #descriptor: number;
  readonly #lines: string[] = [];
  readonly #listeners = new Set<(line: string) => void>();
  #pending = '';
  #poweredOnAt = performance.now();

  constructor(file: string) {
    this.file = file;
    this.#descriptor = openSync(file, 'a');
  }

  /** All lines since the log was opened, without times. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** The line that has not ended yet: a menu draws without line ends. */
  get unfinishedLine(): string {
    return stripVTControlCharacters(this.#pending);
  }

  /** Time starts anew. */
  powerOn(): void {
    this.#flush();
    this.#poweredOnAt = performance.now();
    this.#add('--- power on ---');
  }

  powerOff(how: string): void {
    this.#flush();
    this.#add(`--- ${how} ---`);
  }

  /** Takes what the console said, in pieces of any size. */
  push(text: string): void {
    this.#pending += text;
    let end = this.#pending.search(/[\r\n]/);
    while (end >= 0 || this.#pending.length > longestLineCharacters) {
      const length = end >= 0 ? end : longestLineCharacters;
      this.#add(this.#pending.slice(0, length));
      this.#pending = this.#pending.slice(end >= 0 ? length + 1 : length);
      end = this.#pending.search(/[\r\n]/);
    }
  }

  /** Calls back for every line from now on, until the returned function is called. */
  onLine(listener: (line: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The last lines, for a report. */
  tail(count: number): string {
    return this.#lines.slice(-count).join('\n');
  }

  close(): void {
    this.#flush();
    closeSync(this.#descriptor);
  }

  #flush(): void {
    if (this.#pending !== '') this.#add(this.#pending);
    this.#pending = '';
  }

  #add(raw: string): void {
    // Firmware, boot loader and systemd send colours and move the cursor.
    const line = stripVTControlCharacters(raw).trimEnd();
    if (line === '') return;
    this.#lines.push(line);
    const seconds = ((performance.now() - this.#poweredOnAt) / 1000).toFixed(2).padStart(7);
    writeSync(this.#descriptor, `[${seconds}] ${line}\n`);
    for (const listener of this.#listeners) listener(line);
  }
}
