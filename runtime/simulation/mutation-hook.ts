/**
 * Loaded with `node --import` before anything else: changes one or more source files as Node reads them. Which ones is
 * in the environment, as JSON.
 */
import { registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Patch } from './mutations.ts';

const checkout = path.resolve(import.meta.dirname, '../..');

/** The environment variable that holds the patches. */
const variable = 'TRIVET_MUTATION';

const patches = JSON.parse(process.env[variable] ?? '[]') as Patch[];
const byUrl = Map.groupBy(patches, ({ file }) => pathToFileURL(path.join(checkout, file)).href);

registerHooks({
  load(url, context, nextLoad) {
    const result = nextLoad(url, context);
    const changes = byUrl.get(url);
    if (changes === undefined) return result;
    let source = Buffer.from(result.source as Uint8Array | string as Uint8Array).toString();
    for (const { find, replace } of changes) source = source.replace(find, () => replace);
    return { ...result, source };
  },
});
