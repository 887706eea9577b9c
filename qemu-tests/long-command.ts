/** What the long commands of this folder share: reading their options, and how they end. */
import { globSync } from 'node:fs';
import path from 'node:path';
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** The command was called in a wrong way; its exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type OptionTypes = NonNullable<ParseArgsConfig['options']>;
type Values<Options extends OptionTypes> = ReturnType<
  typeof parseArgs<{ args: string[]; options: Options; strict: true }>
>['values'];

/** The options as `parseArgs` reads them. Throws `UsageError`. */
export function readWords<const Options extends OptionTypes>(
  words: readonly string[],
  options: Options,
): Values<Options> {
  try {
    return parseArgs({ args: [...words], options, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export function readNumber(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new UsageError(`--${name} ${text}: it must be a whole number from ${least} to ${most}`);
}

/** Names separated by commas, of those that are known; all of them when the option is left out. */
export function chooseFrom(
  name: string,
  text: string | undefined,
  known: readonly string[],
): readonly string[] {
  if (text === undefined) return known;
  const chosen = text.split(',');
  const unknown = chosen.find((one) => !known.includes(one));
  if (unknown !== undefined) throw new UsageError(`--${name} ${unknown}: there is ${known.join(', ')}`);
  return chosen;
}

/** The recipes of this repository, by their names. */
export function recipeNames(): readonly string[] {
  return globSync('recipes/*.yaml')
    .sort()
    .map((file) => path.basename(file, '.yaml'));
}

/** Runs it to its end; an error becomes one message, and an exit code. */
export function runCommand(name: string, main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  });
}
