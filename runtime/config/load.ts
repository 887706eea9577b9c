/** Reads the agent's configuration file and answers everything wrong in it at once, with file, line and field. */
import { readFileSync } from 'node:fs';
import { parseCheckedYaml } from './checked-yaml.ts';
import { type Config, configSchema } from './schema.ts';

/** The configuration's file cannot be read at all. */
class ConfigFileError extends Error {
  override readonly name = 'ConfigFileError';
}

/** Reads, parses and checks the file, and fills in the defaults. Throws `ConfigFileError` or `YamlFaultsError`. */
export function loadConfig(file: string): Config {
  const what = 'a configuration is a map of fields, such as "cluster: { name: edge, secret: … }"';
  return parseCheckedYaml(readConfigFile(file), file, configSchema, what).value;
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
