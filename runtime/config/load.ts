/** Reads the agent's configuration file and answers everything wrong in it at once, with file, line and field. */
import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Config, configSchema } from './schema.ts';

/** The configuration cannot be used; the message names every problem, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Reads, parses and checks the file, and fills in the defaults. Throws `ConfigError`. */
export function loadConfig(file: string): Config {
  return parseConfig(readConfigFile(file), file);
}

/** Checks a configuration given as YAML text; `file` is named in messages. */
export function parseConfig(text: string, file: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [syntax] = document.errors;
  if (syntax) throw new ConfigError(`${file}: ${syntax.message}`);
  const checked = configSchema.safeParse(document.toJS() ?? {});
  if (checked.success) return checked.data;
  const problems = checked.error.issues.map((issue) => {
    const line = lineOf(document, lines, issue);
    return `${file}${line === null ? '' : `:${line}`}: ${issue.path.join('.') || 'the file'}: ${issue.message}`;
  });
  throw new ConfigError(problems.join('\n'));
}

function readConfigFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it does not exist' : (error as Error).message;
    throw new ConfigError(
      `${file}: the configuration cannot be read: ${reason}. Name another with --config FILE.`,
    );
  }
}

/** The line of the field, or of the nearest part of the path that is in the file. */
function lineOf(
  document: ReturnType<typeof parseDocument>,
  lines: LineCounter,
  issue: z.core.$ZodIssue,
): number | null {
  for (let length = issue.path.length; length > 0; length -= 1) {
    const node = document.getIn(issue.path.slice(0, length), true) as
      | { range?: [number, number, number] }
      | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return null;
}
