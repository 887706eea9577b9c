/**
 * A configuration of which any part may be left out: what a person puts onto the boot partition to add to, or to change,
 * what the image says.
 */
import { parseCheckedYaml } from './checked-yaml.ts';
import { partialConfigSchema } from './schema.ts';

/** @param file the name for messages. Throws `YamlFaultsError`, which names every fault with its line. */
export function checkPartialConfig(text: string, file: string): void {
  const what = 'a configuration is a map of fields, such as "node: { name: edge-1 }"';
  parseCheckedYaml(text, file, partialConfigSchema, what);
}
