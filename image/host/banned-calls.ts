/**
 * What pure code must not touch: clock, randomness, environment, timers, disk and network. These folders get time and
 * randomness as arguments, so that a simulation can repeat a run from its seed.
 */
import type { SourceFile } from './sources.ts';

interface PureFolder {
  readonly folder: string;
  /** Modules outside the project that are allowed. */
  readonly modules: readonly string[];
}

const pureFolders: readonly PureFolder[] = [
  { folder: 'runtime/raft', modules: [] },
  // SQLite is the state machine's own memory; what it holds follows from the entries alone.
  { folder: 'runtime/datastore/state-machine', modules: ['better-sqlite3', 'node:zlib'] },
  { folder: 'runtime/datastore/roles', modules: [] },
  { folder: 'runtime/checkers', modules: [] },
  { folder: 'runtime/apiserver/request', modules: [] },
  { folder: 'runtime/apiserver/selectors', modules: [] },
  { folder: 'runtime/apiserver/objects', modules: [] },
  { folder: 'runtime/apiserver/patch', modules: [] },
  { folder: 'runtime/apiserver/managed-fields', modules: [] },
  { folder: 'runtime/apiserver/resources', modules: [] },
  { folder: 'runtime/apiserver/discovery', modules: ['node:crypto'] },
  { folder: 'runtime/apiserver/fields', modules: [] },
  { folder: 'runtime/apiserver/tables', modules: [] },
  { folder: 'runtime/apiserver/cel', modules: ['re2js'] },
  { folder: 'runtime/apiserver/custom-resources/schema', modules: [] },
  { folder: 'runtime/apiserver/custom-resources/rules', modules: [] },
  { folder: 'runtime/apiserver/authorization', modules: ['node:util'] },
  { folder: 'runtime/resources', modules: [] },
  { folder: 'image/plan', modules: ['node:crypto', 'yaml'] },
  { folder: 'image/formats', modules: ['node:buffer', 'node:zlib'] },
];

const bannedNames: readonly (readonly [RegExp, string])[] = [
  [/\bDate\b(?!\.UTC)/, 'the clock (Date)'],
  [/\bperformance\b/, 'the clock (performance)'],
  [/\bMath\.random\b/, 'randomness (Math.random)'],
  [/\b(randomUUID|randomBytes|getRandomValues)\b/, 'randomness'],
  [/\bset(Timeout|Interval|Immediate)\b/, 'timers'],
  [/\bprocess\./, 'the process (process.*)'],
  [/\basync\b|\bawait\b/, 'asynchronous code'],
  [/\bconsole\./, 'the console'],
];

/** Every violation as one sentence; none when all is well. Tests and their equipment are free. */
export function checkBannedCalls(sources: readonly SourceFile[]): string[] {
  return sources.flatMap((file) => {
    const pure = pureFolders.find(({ folder }) => file.path.startsWith(`${folder}/`));
    const isTest = file.path.endsWith('.test.ts') || file.path.includes('/testing/');
    return pure === undefined || isTest ? [] : problemsOf(file, pure);
  });
}

function problemsOf(file: SourceFile, pure: PureFolder): string[] {
  return withoutComments(file.text)
    .split('\n')
    .flatMap((line, index) => {
      const place = `${file.path}:${index + 1}`;
      const module = /^\s*(?:import|export)\b.*?from '([^'.][^']*)'|^} from '([^'.][^']*)'/.exec(line);
      const name = module?.[1] ?? module?.[2];
      if (name !== undefined) {
        return pure.modules.includes(name) ? [] : [`${place} imports ${name}; ${pure.folder} is pure`];
      }
      const banned = bannedNames.filter(([pattern]) => pattern.test(line));
      return banned.map(([, what]) => `${place} uses ${what}; ${pure.folder} is pure`);
    });
}

/** Comments and plain strings may name anything. Line breaks stay, so that line numbers do. */
function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|\s)\/\/[^\n]*/g, '$1')
    .replace(/^(?!.*\bfrom\b).*$/gm, (line) => line.replace(/'[^'\n]*'/g, "''"));
}
