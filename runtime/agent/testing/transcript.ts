/**
 * What a person does with kubectl, line by line, with what it has to say: the same lines against any node, and while nodes come
 * and go.
 */
import type { Test } from 'tap';
import type { Followed, Said } from './kubectl.ts';

export interface Line {
  /** As typed, behind `kubectl`; words with spaces in single quotes. `{ns}` is the transcript's namespace. */
  readonly type: string;
  /** Standard input. */
  readonly input?: string;
  /** What is typed into the editor that kubectl opens: a command that gets the file's name, without quotes. */
  readonly editor?: string;
  /** Files of the directory in which it is typed, by their names. */
  readonly files?: Readonly<Record<string, string>>;
  /** Standard output has to fit, all of them; a line that fails has its words on standard error. */
  readonly says?: RegExp | readonly RegExp[];
  /** Standard output must not fit. */
  readonly conceals?: RegExp;
  /** Standard error of a line that succeeds has to fit. */
  readonly warns?: RegExp;
  /** Default 0. */
  readonly code?: number;
  /** It is said again until it fits: what it shows comes about by itself. */
  readonly soon?: true;
  /** With what another line said: `{name}` in later lines. Of that, the first group of `keeps` when there is one. */
  readonly keep?: string;
  readonly keeps?: RegExp;
  /**
   * It goes on while these are said, begins when its output fits `begins`, and is ended when what it has said fits. All of it is
   * said again when its node is lost, so these lines have to bear that.
   */
  readonly meanwhile?: readonly Line[];
  readonly begins?: RegExp;
}

export interface Transcript {
  readonly name: string;
  readonly lines: readonly Line[];
}

export interface Person {
  readonly kubectl: (
    words: readonly string[],
    more: { readonly input: string; readonly editor: string },
  ) => Promise<Said>;
  readonly follow: (words: readonly string[]) => Promise<Followed>;
  /** Into the directory in which it is typed. */
  readonly write: (file: string, text: string) => void;
}

export interface PlayOptions {
  readonly person: Person;
  readonly namespace: string;
  /** Whether a line that failed is to be said again: the node it asked was lost. Default: never. */
  readonly isLost?: (said: Said) => boolean;
}

const soonTries = 150;
const pauseMilliseconds = 200;

export async function play(t: Test, { name, lines }: Transcript, options: PlayOptions): Promise<void> {
  const kept = new Map([['ns', options.namespace]]);
  await t.test(`${name} in ${options.namespace}`, async (t) => {
    for (const line of lines) await playLine(t, line, { kept, options });
  });
}

interface Scene {
  /** What earlier lines said, by name. */
  readonly kept: Map<string, string>;
  readonly options: PlayOptions;
}

async function playLine(t: Test, line: Line, scene: Scene): Promise<void> {
  const { kept, options } = scene;
  for (const [file, text] of Object.entries(line.files ?? {})) {
    options.person.write(fill(file, kept), fill(text, kept));
  }
  const goesOn = line.meanwhile !== undefined;
  const said = goesOn ? await goOnUntilItFits(t, line, scene) : await sayUntilItFits(line, scene);
  const wrong = judge(line, said);
  t.ok(wrong === null, `${line.type} (${line.code ?? 0})`, wrong === null ? {} : { wrong, ...said });
  if (!goesOn) keep(line, said, kept);
}

function keep({ keep: name, keeps = /[\s\S]*/ }: Line, { out }: Said, kept: Map<string, string>): void {
  if (name === undefined) return;
  const [whole, part] = keeps.exec(out.trim()) ?? [];
  kept.set(name, part ?? whole ?? '');
}

async function sayUntilItFits(line: Line, { kept, options }: Scene): Promise<Said> {
  const words = split(fill(line.type, kept));
  const more = { input: fill(line.input ?? '', kept), editor: fill(line.editor ?? 'false', kept) };
  for (let tries = 1; ; tries += 1) {
    const said = await options.person.kubectl(words, more);
    const isOver = judge(line, said) === null || tries === soonTries;
    const again = line.soon === true || options.isLost?.(said) === true;
    if (isOver || !again) return said;
    await pause();
  }
}

/** What a line that goes on has said, with the code 0 as long as it went on. */
async function goOnUntilItFits(t: Test, line: Line, scene: Scene): Promise<Said> {
  const { kept, options } = scene;
  const { begins = /(?:)/, meanwhile = [] } = line;
  for (let tries = 1; ; tries += 1) {
    const followed = await options.person.follow(split(fill(line.type, kept)));
    keep(line, await followUntil(followed, ({ out }) => begins.test(out)), kept);
    for (const one of meanwhile) await playLine(t, one, scene);
    const said = await followUntil(followed, (heard) => judge(line, heard) === null);
    const endedByItself = followed.said().code !== null;
    await followed.end();
    const isLost = options.isLost !== undefined && endedByItself && judge(line, said) !== null;
    if (!isLost || tries === soonTries) return said;
  }
}

/** Until it has said enough, has ended by itself, or nothing more is to be hoped for. */
async function followUntil({ said }: Followed, isEnough: (said: Said) => boolean): Promise<Said> {
  for (let tries = 1; ; tries += 1) {
    const heard = said();
    if (heard.code !== null || tries === soonTries) return heard;
    if (isEnough({ ...heard, code: 0 })) return { ...heard, code: 0 };
    await pause();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
}

/** What does not fit; null: nothing. */
function judge({ code = 0, says = [], conceals, warns }: Line, said: Said): string | null {
  if (said.code !== code) return `it ended with ${said.code}`;
  const text = code === 0 ? said.out : said.err + said.out;
  const missing = [says].flat().find((pattern) => !pattern.test(text));
  if (missing !== undefined) return `it does not say ${missing}`;
  if (conceals?.test(text)) return `it says ${conceals}`;
  return warns === undefined || warns.test(said.err) ? null : `it does not warn of ${warns}`;
}

function fill(text: string, kept: ReadonlyMap<string, string>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => kept.get(name) ?? whole);
}

function split(text: string): string[] {
  return [...text.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''));
}
