/**
 * Fields that stand twice in one JSON object: the last one counts, and field validation warns of them or refuses them.
 * Pure.
 */

/** More are not listed. */
const mostPaths = 100;

interface Frame {
  readonly path: string;
  /** null: a list. */
  readonly names: Set<string> | null;
  /** Of the list's element. */
  index: number;
  /** What stands before the next value. */
  name: string;
}

/**
 * @param text JSON that `JSON.parse` has accepted.
 * @returns paths, for example `spec.template.metadata`.
 */
export function duplicateFields(text: string): readonly string[] {
  const found = new Set<string>();
  const frames: Frame[] = [];
  // Strings, and whatever gives the text its shape; numbers and words are passed over.
  for (const { 0: token, index } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g)) {
    const frame = frames.at(-1);
    switch (token) {
      case '{':
      case '[':
        frames.push({ path: pathOf(frame), names: token === '{' ? new Set() : null, index: 0, name: '' });
        break;
      case '}':
      case ']':
        frames.pop();
        break;
      case ',':
        if (frame !== undefined) frame.index += 1;
        break;
      default:
        if (frame?.names && isName(text, index + token.length))
          noteName(frame, JSON.parse(token) as string, found);
    }
    if (found.size >= mostPaths) break;
  }
  return [...found];
}

function noteName(frame: Frame, name: string, found: Set<string>): void {
  frame.name = name;
  if (frame.names?.has(name)) found.add(pathOf(frame));
  frame.names?.add(name);
}

function pathOf(frame: Frame | undefined): string {
  if (frame === undefined) return '';
  if (frame.names === null) return `${frame.path}[${frame.index}]`;
  return frame.path === '' ? frame.name : `${frame.path}.${frame.name}`;
}

/** A string is a name when a colon follows. */
function isName(text: string, end: number): boolean {
  let at = end;
  while (' \t\r\n'.includes(text.charAt(at)) && at < text.length) at += 1;
  return text.charAt(at) === ':';
}
