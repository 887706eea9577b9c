/**
 * Reads the agent's configuration: the image's, and what a person has put on the boot partition over it. Everything that
 * is wrong in a file is said at once, with file, line and field.
 */
import { readFileSync } from 'node:fs';
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
  /** What is wrong with the file that goes over; it is ignored then, so that the node stays what it is. */
  readonly problem: string | null;
  /** The file that goes over: there, missing, or not asked for. */
  readonly over: { readonly file: string; readonly exists: boolean } | null;
}

const what = 'a configuration is a map of fields, such as "cluster: { name: edge, secret: … }"';

/**
 * Reads, merges and checks, and fills in the defaults. A fault in `file` throws `ConfigFileError` or
 * `YamlFaultsError`; one in `overFile` is a problem to report.
 */
export function loadConfig(file: string, overFile: string | null = null): LoadedConfig {
  const own = parseCheckedYaml(readConfigFile(file), file, openSchema, what);
  const text = overFile === null ? null : readIfPresent(overFile);
  const over = overFile === null ? null : { file: overFile, exists: text !== null };
  // A file of nothing but comments says nothing, and is no fault.
  if (overFile === null || text === null || /^\s*(#.*\s*)*$/.test(text))
    return { ...judge(own.value), problem: null, over };
  try {
    const merged = parseCheckedYaml(text, overFile, openSchema, what, own.written);
    return { ...judge(merged.value), problem: null, over };
  } catch (error) {
    if (!(error instanceof YamlFaultsError)) throw error;
    return { ...judge(own.value), problem: error.message, over };
  }
}

export function isComplete(config: OpenConfig): config is Config {
  return config.cluster !== undefined;
}

function judge(config: OpenConfig): Pick<LoadedConfig, 'state' | 'config'> {
  return { state: isComplete(config) ? 'complete' : 'waiting', config };
}

/** A boot partition that cannot be read has no configuration either. */
function readIfPresent(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
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
