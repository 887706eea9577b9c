/**
 * Reads the agent's configuration: the image's, and what a person has put on the boot partition over it. Everything that
 * is wrong in a file is said at once, with file, line and field.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { z } from 'zod';
import { parseCheckedYaml, YamlFaultsError } from './checked-yaml.ts';
import { type Config, configSchema } from './schema.ts';

/** The configuration's file cannot be read at all. */
class ConfigFileError extends Error {
  override readonly name = 'ConfigFileError';
}

/** The image's own configuration may leave open which cluster the machine belongs to. */
const openSchema = configSchema.partial({ cluster: true });
export type OpenConfig = z.infer<typeof openSchema>;

export interface LoadedConfig {
  /** `waiting`: nobody has said yet which cluster this machine belongs to. */
  readonly state: 'complete' | 'waiting';
  readonly config: OpenConfig;
  /** What is wrong with the file that goes over; the one before is in force then, so that the node stays what it is. */
  readonly problem: string | null;
  /** The file that goes over; null when none was asked for. `text` is what is in force of it, null for nothing. */
  readonly over: { readonly file: string; readonly exists: boolean; readonly text: string | null } | null;
}

const what = 'a configuration is a map of fields, such as "cluster: { name: edge, secret: … }"';

/** In the data directory: the text of the file that goes over when it was last in order. */
export const keptOverName = 'trivet.yaml';

/**
 * Reads, merges and checks, and fills in the defaults. A fault in `file` throws `ConfigFileError` or
 * `YamlFaultsError`; one in `overFile` is a problem to report, and what was kept of it serves.
 */
export function loadConfig(file: string, overFile: string | null = null): LoadedConfig {
  const own = parseCheckedYaml(readConfigFile(file), file, openSchema, what);
  if (overFile === null) return { ...judge(own.value), problem: null, over: null };
  const text = readIfPresent(overFile);
  const over = { file: overFile, exists: text !== null };
  const merge = (kept: string | null): Pick<LoadedConfig, 'state' | 'config'> =>
    // A file of nothing but comments says nothing, and is no fault.
    kept === null || /^\s*(#.*\s*)*$/.test(kept)
      ? judge(own.value)
      : judge(parseCheckedYaml(kept, overFile, openSchema, what, own.written).value);
  let problem: string;
  try {
    if (text !== null || holdsFiles(path.dirname(overFile))) {
      return { ...merge(text), problem: null, over: { ...over, text } };
    }
    problem = `${path.dirname(overFile)} cannot be read`;
  } catch (error) {
    if (!(error instanceof YamlFaultsError)) throw error;
    problem = error.message;
  }
  const kept = readIfPresent(path.join(own.value.dataDirectory, keptOverName));
  try {
    return { ...merge(kept), problem, over: { ...over, text: kept } };
  } catch {
    // It was in order for an earlier version of the schema.
    return { ...judge(own.value), problem, over: { ...over, text: null } };
  }
}

export function isComplete(config: OpenConfig): config is Config {
  return config.cluster !== undefined;
}

function judge(config: OpenConfig): Pick<LoadedConfig, 'state' | 'config'> {
  return { state: isComplete(config) ? 'complete' : 'waiting', config };
}

function readIfPresent(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** A boot partition that could not be mounted is an empty directory. */
function holdsFiles(directory: string): boolean {
  try {
    return readdirSync(directory).length > 0;
  } catch {
    return false;
  }
}

function readConfigFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it does not exist' : (error as Error).message;
    throw new ConfigFileError(
      `${file}: the configuration cannot be read: ${reason}. Name another with --config FILE.`,
    );
  }
}
