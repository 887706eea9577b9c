/** `/healthz`, `/livez`, `/readyz`: whether this node serves, in words that load balancers and people read. */
import type { HttpAnswer, HttpRequest } from './exchange.ts';
import { textAnswer } from './plain-answers.ts';

export interface HealthCheck {
  readonly name: string;
  /** A node that fails it is not to be restarted, but to be spared requests. */
  readonly readinessOnly: boolean;
  /** Rejects with the reason, for the log of the client who may see it. */
  readonly run: () => Promise<void>;
}

const roots = ['healthz', 'livez', 'readyz'];

/** The paths of all of them. */
export function healthPaths(checks: readonly HealthCheck[]): readonly string[] {
  return roots.flatMap((root) => [
    `/${root}`,
    ...checksOf(checks, root).map(({ name }) => `/${root}/${name}`),
  ]);
}

function checksOf(checks: readonly HealthCheck[], root: string): readonly HealthCheck[] {
  return checks.filter(({ readinessOnly }) => root !== 'livez' || !readinessOnly);
}

/** @returns null for a path that is none of these */
export async function serveHealth(
  checks: readonly HealthCheck[],
  { path, query }: HttpRequest,
): Promise<HttpAnswer | null> {
  const [root = '', ...below] = path.split('/').filter((part) => part !== '');
  if (!roots.includes(root)) return null;
  const ofRoot = checksOf(checks, root);
  if (below.length > 0) {
    const check = ofRoot.find((one) => one.name === below.join('/'));
    return check === undefined ? null : await answerOne(check);
  }
  const excluded = new Set(query.getAll('exclude'));
  const results = await Promise.all(
    ofRoot.map(async (check) => ({
      check,
      ...(excluded.has(check.name)
        ? { why: '', isExcluded: true }
        : { why: await reasonOf(check), isExcluded: false }),
    })),
  );
  const isWell = results.every(({ why }) => why === '');
  if (isWell && !query.has('verbose')) return textAnswer(200, 'ok');
  const lines = results.map(({ check, why, isExcluded }) =>
    isExcluded
      ? `[+]${check.name} excluded: ok`
      : why === ''
        ? `[+]${check.name} ok`
        : // Everybody may ask: the reason is for who asks for this check.
          `[-]${check.name} failed: reason withheld`,
  );
  const unknown = [...excluded].filter((name) => !ofRoot.some((check) => check.name === name)).sort();
  if (unknown.length > 0) {
    const names = unknown.map((name) => JSON.stringify(name)).join(',');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  const verdict = isWell ? `${root} check passed` : `${root} check failed`;
  return textAnswer(isWell ? 200 : 500, `${[...lines, verdict].join('\n')}\n`);
}

async function answerOne(check: HealthCheck): Promise<HttpAnswer> {
  const why = await reasonOf(check);
  return why === '' ? textAnswer(200, 'ok') : textAnswer(500, `internal server error: ${why}\n`);
}

async function reasonOf({ run }: HealthCheck): Promise<string> {
  try {
    await run();
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
