/** `merge.cjs` of the archive for relinking: the last step of the build alone. */
import { readFileSync, writeFileSync } from 'node:fs';
import { architectureOf, isArchitectureName } from '../../architecture.ts';
import { mergeExecutable } from '../static/merge.ts';
import { readNodeFacts } from '../static/node-facts.ts';

const [name = '', node = '', linked = '', application = '', output = ''] = process.argv.slice(2);

try {
  if (!isArchitectureName(name)) throw new Error(`there is no architecture "${name}"`);
  const architecture = architectureOf(name);
  const merged = mergeExecutable({
    architecture,
    facts: readNodeFacts(readFileSync(node), architecture, `Node in ${node}`),
    linked: readFileSync(linked),
    application: readFileSync(application),
  });
  writeFileSync(output, merged, { mode: 0o755 });
} catch (error) {
  process.stderr.write(`merge: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
