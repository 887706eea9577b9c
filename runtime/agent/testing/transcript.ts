/**
 * What a person does with kubectl, line by line, with what it has to say: the same lines against any node, and while nodes come
 * and go.
 */
import type { Test } from 'tap';
import type { Said } from './kubectl.ts';

export interface Line {
  /** As typed, behind `kubectl`; words with spaces in single quotes. `{ns}` is the transcript's namespace. */
  readonly type: string;
  /** Standard input. */
  readonly input?: string;
  /** Standard output has to fit, all of them; a line that fails has its words on standard error. */
  readonly says?: RegExp | readonly RegExp[];
  /** Default 0. */
  readonly code?: number;
  /** It is said again until it fits: what it shows comes about by itself. */
  readonly soon?: true;
  /** With what another line said: `{name}` in later lines. */
  readonly keep?: string;
}

export interface Transcript {
  readonly name: string;
  readonly lines: readonly Line[];
}

export type Kubectl = (words: readonly string[], input?: string) => Promise<Said>;

export interface PlayOptions {
  readonly kubectl: Kubectl;
  readonly namespace: string;
  /** Whether a line that failed is to be said again: the node it asked was lost. Default: never. */
  readonly isLost?: (said: Said) => boolean;
}

const soonTries = 150;
const pauseMilliseconds = 200;

export async function play(t: Test, { name, lines }: Transcript, options: PlayOptions): Promise<void> {
  const kept = new Map([['ns', options.namespace]]);
  await t.test(`${name} in ${options.namespace}`, async (t) => {
    for (const line of lines) {
      const said = await sayUntilItFits(line, kept, options);
      const code = line.code ?? 0;
      const fits = judge(line, said) === null;
      t.ok(fits, `${line.type} (${code})`, fits ? {} : { wanted: String(line.says), ...said });
      if (line.keep !== undefined) kept.set(line.keep, said.out.trim());
    }
  });
}

async function sayUntilItFits(
  line: Line,
  kept: ReadonlyMap<string, string>,
  options: PlayOptions,
): Promise<Said> {
  const words = split(fill(line.type, kept));
  const input = fill(line.input ?? '', kept);
  for (let tries = 1; ; tries += 1) {
    const said = await options.kubectl(words, input);
    const isOver = judge(line, said) === null || tries === soonTries;
    const again = line.soon === true || options.isLost?.(said) === true;
    if (isOver || !again) return said;
    await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
  }
}

/** What does not fit; null: nothing. */
function judge({ code = 0, says = [] }: Line, said: Said): string | null {
  if (said.code !== code) return `it ended with ${said.code}`;
  const text = code === 0 ? said.out : said.err + said.out;
  const missing = [says].flat().find((pattern) => !pattern.test(text));
  return missing === undefined ? null : `it does not say ${missing}`;
}

function fill(text: string, kept: ReadonlyMap<string, string>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => kept.get(name) ?? whole);
}

function split(text: string): string[] {
  return [...text.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''));
}
