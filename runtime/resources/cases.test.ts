/** Kinds held against `cases/*.jsonl`: what is taken, with which defaults, and what is refused because of which fields. */
import { readdirSync, readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import {
  type Case,
  kindOf,
  madeOf,
  type Subject,
  saidOfChange,
  saidOfNew,
  saidOfStatus,
} from './testing/run-case.ts';
import { patched } from './testing/say.ts';

const folder = new URL('cases/', import.meta.url);

for (const file of readdirSync(folder).sort()) {
  t.test(`cases of ${file.replace('.jsonl', '')}`, async (t) => {
    const lines = readFileSync(new URL(file, folder), 'utf8').trimEnd().split('\n');
    let subject: Subject | null = null;
    for (const line of lines) {
      const read = JSON.parse(line) as Subject | Case;
      if ('of' in read) subject = read;
      else if (subject === null) t.fail(`${file}: its first line names no kind`);
      else hold(t, subject, read);
    }
  });
}

function hold(t: Test, subject: Subject, asked: Case): void {
  const kind = kindOf(subject);
  const { with: patch, then, status, says, holds, warns } = asked;
  const object = patched(subject.base, patch);
  const title = `${subject.of}: ${JSON.stringify({ with: patch, then, status })}`;
  if (then !== undefined) t.same(saidOfChange(kind, object, then), says, title);
  else if (status !== undefined) t.same(saidOfStatus(kind, object, status), says, title);
  else if (says !== undefined) t.same(saidOfNew(kind, madeOf(kind, object)), says, title);
  if (holds !== undefined) t.same(missing(holds, madeOf(kind, object), ''), [], title);
  if (warns !== undefined) t.same(kind.strategy.warn?.(madeOf(kind, object), null) ?? [], warns, title);
}

/** Paths of what is expected and not there. */
function missing(expected: unknown, found: unknown, path: string): readonly string[] {
  if (expected === null) return (found ?? null) === null ? [] : [path];
  if (typeof expected !== 'object') return expected === found ? [] : [path];
  if (typeof found !== 'object' || found === null) return [path];
  if (Array.isArray(expected) && expected.length !== (found as unknown[]).length) return [path];
  return Object.entries(expected).flatMap(([key, value]) =>
    missing(value, (found as Readonly<Record<string, unknown>>)[key], `${path}.${key}`),
  );
}
