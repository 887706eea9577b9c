import t from 'tap';
import { drawAsLines, drawOnTerminal, leaveTerminal, screenSizeOn } from './drawing.ts';

// The escape as a word of its own: in a pattern it would be an invisible character.
const esc = String.fromCharCode(27);
const tokens = new RegExp(`${esc}\\[[\\d;]*[A-Za-z]|${esc}[78]|\n|[^${esc}\n]+`, 'g');

/** As much of a terminal (VT102, as Linux's console) as is drawn with: scrolling between margins, moves, erasing. */
class Terminal {
  readonly rows: string[];
  #row = 0;
  #column = 0;
  #margins: readonly [number, number];
  #saved: readonly [number, number] = [0, 0];

  constructor(rows: number) {
    this.rows = Array.from({ length: rows }, () => '');
    this.#margins = [0, rows - 1];
  }

  write(text: string): this {
    for (const [token] of text.matchAll(tokens)) this.#take(token);
    return this;
  }

  #take(token: string): void {
    const [first = 0, second = 0] = (/\[([\d;]*)/.exec(token)?.[1] ?? '').split(';').map(Number);
    if (token === '\n') this.#feed();
    else if (token === '\x1b7') this.#saved = [this.#row, this.#column];
    else if (token === '\x1b8') [this.#row, this.#column] = this.#saved;
    else if (!token.startsWith('\x1b')) this.#put(token);
    else if (token.endsWith('H'))
      [this.#row, this.#column] = [Math.max(1, first) - 1, Math.max(1, second) - 1];
    else if (token.endsWith('K')) this.rows[this.#row] = this.rows[this.#row]!.slice(0, this.#column);
    else if (token.endsWith('r')) {
      this.#margins = [Math.max(1, first) - 1, (second || this.rows.length) - 1];
      [this.#row, this.#column] = [0, 0];
    } else throw new Error(`what is ${JSON.stringify(token)}?`);
  }

  #put(text: string): void {
    const row = this.rows[this.#row]!.padEnd(this.#column);
    this.rows[this.#row] = row.slice(0, this.#column) + text + row.slice(this.#column + text.length);
    this.#column += text.length;
  }

  /** With what a terminal's driver makes of a line feed: the first column. */
  #feed(): void {
    this.#column = 0;
    const [top, bottom] = this.#margins;
    if (this.#row === bottom) {
      this.rows.splice(top, 1);
      this.rows.splice(bottom, 0, '');
    } else if (this.#row < this.rows.length - 1) this.#row += 1;
  }
}

for (const rows of [25, 30, 48])
  t.test(
    `drawOnTerminal leaves messages readable and untouched below the screen, on ${rows} rows`,
    async (t) => {
      const size = { columns: 80, rows };
      const terminal = new Terminal(rows);
      for (let i = 0; i < 100; i += 1) terminal.write(`boot ${i}\n`);
      const height = screenSizeOn(size).rows;
      t.ok(height >= 17 && height <= 24);
      terminal.write(drawOnTerminal(['name: a', 'role: none'], null, size));
      t.same(terminal.rows.slice(0, 3), ['name: a', 'role: none', '']);
      t.match(terminal.rows[height], /^-{80}$/);
      t.equal(terminal.rows.at(-2), 'boot 99', 'what was said before is still there');
      for (let i = 0; i < 50; i += 1) terminal.write(`message ${i}\n`);
      const [before, after] = [
        ['name: a', 'role: none'],
        ['name: a', 'role: member', 'nodes: 3'],
      ];
      terminal.write('half a ');
      terminal.write(drawOnTerminal(after, before, size));
      terminal.write('message\n');
      t.same(terminal.rows.slice(0, 4), [...after, '']);
      t.same(terminal.rows.slice(-3), ['message 49', 'half a message', '']);
      t.match(terminal.rows[height], /^-{80}$/);
      t.notMatch(terminal.rows.slice(0, height).join(), 'message');
      t.equal(drawOnTerminal(after, after, size), '', 'nothing new is nothing to write');
      terminal.write(drawOnTerminal(['name: a'], after, size));
      t.same(terminal.rows.slice(0, 4), ['name: a', '', '', ''], 'what is old goes');
      terminal.write(leaveTerminal(size));
      for (let i = 0; i < 3; i += 1) terminal.write(`stop ${i}\n`);
      t.match(terminal.rows.join('\n'), /--- the status above is of before.*---\n[\s\S]*stop 2/);
    },
  );

t.test('drawAsLines writes what is new, whole, and no escapes', async (t) => {
  const first = ['name:      a', 'reason:    one', '           two', 'nodes:     1'];
  const whole = drawAsLines(first, null);
  t.equal(whole, first.map((line) => `status | ${line}\n`).join(''));
  t.equal(drawAsLines(first, first), '');
  const changed = ['name:      a', 'reason:    one', '           three', 'nodes:     1', 'warning:   w'];
  t.equal(
    drawAsLines(changed, first),
    'status | reason:    one\nstatus |            three\nstatus | warning:   w\n',
    'with the beginning of the sentence',
  );
  t.equal(
    drawAsLines(['name:      a', 'nodes:     1'], changed),
    'status | reason:    none any more\nstatus | warning:   none any more\n',
  );
});
