/**
 * What to write to a console so that it shows a screen, and the messages of kernel and systemd beside it stay readable. A
 * terminal has the screen in its upper rows and lets messages scroll below; a serial line gets what is new, as lines. Pure.
 */
import { labelColumns, type ScreenSize } from './screen.ts';

/** At most: what the smallest terminals have. */
const mostColumns = 80;
const mostRows = 24;
/** Rows that messages keep at least, with the line above them. */
const messageRows = 8;

const sequence = '\x1b[';
const [saveCursor, restoreCursor] = ['\x1b7', '\x1b8'];

/** The size of the screen on a terminal of this size; it never changes there, or messages would be written over. */
export function screenSizeOn(terminal: ScreenSize): ScreenSize {
  return {
    columns: Math.min(mostColumns, terminal.columns),
    rows: Math.max(1, Math.min(mostRows, terminal.rows - messageRows)),
  };
}

/** A serial line's: nothing of it scrolls away but what is older. */
export const lineSize: ScreenSize = { columns: mostColumns, rows: mostRows };

/**
 * For a terminal: only the rows that differ from `before`, which is null the first time: then it also sets the rows apart in
 * which messages scroll, and goes there.
 */
export function drawOnTerminal(
  lines: readonly string[],
  before: readonly string[] | null,
  terminal: ScreenSize,
): string {
  const { columns, rows } = screenSizeOn(terminal);
  const written = Array.from({ length: rows }, (_, row) => {
    const line = lines[row] ?? '';
    return before !== null && line === (before[row] ?? '')
      ? ''
      : `${sequence}${row + 1};1H${sequence}K${line}`;
  }).join('');
  if (before !== null) return written === '' ? '' : `${saveCursor}${written}${restoreCursor}`;
  const rule = `${sequence}${rows + 1};1H${sequence}K${'-'.repeat(columns)}`;
  const below = `${sequence}${rows + 2};${terminal.rows}r${sequence}${terminal.rows};1H`;
  return `${written}${rule}${below}`;
}

/** Gives the whole terminal back to the messages, and says that the screen is old from now on. */
export function leaveTerminal(terminal: ScreenSize): string {
  const { rows } = screenSizeOn(terminal);
  const note = `${sequence}${rows + 1};1H${sequence}K--- the status above is of before this machine stopped ---`;
  return `${saveCursor}${note}${sequence}r${restoreCursor}`;
}

/** For a serial line: all lines the first time, then those that are new; each marked, and none with an escape. */
export function drawAsLines(lines: readonly string[], before: readonly string[] | null): string {
  const known = new Set(before);
  const news = lines.flatMap((line, i) => {
    if (known.has(line)) return [];
    // The rest of a sentence means nothing without its beginning.
    const start = startOf(lines, i);
    return lines.slice(start, endOf(lines, i));
  });
  const labels = new Set(lines.map(labelOf));
  const gone = [...new Set((before ?? []).map(labelOf))].filter(
    (label) => label.trim() !== '' && !labels.has(label),
  );
  return [...new Set(news), ...gone.map((label) => `${label}none any more`)]
    .map((line) => `status | ${line}\n`)
    .join('');
}

/** With what makes it as wide as the others; blank for a continued line. */
function labelOf(line: string): string {
  return line.slice(0, labelColumns);
}

/** Where the entry of a line begins: continued lines have no label. */
function startOf(lines: readonly string[], line: number): number {
  let start = line;
  while (start > 0 && lines[start]?.startsWith(' ')) start -= 1;
  return start;
}

function endOf(lines: readonly string[], line: number): number {
  let end = line + 1;
  while (lines[end]?.startsWith(' ')) end += 1;
  return end;
}
