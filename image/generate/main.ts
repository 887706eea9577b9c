/**
 * `npm run generate`: makes the schemas of the Kubernetes API that the runtime reads, when they are missing or old.
 *
 *   node image/generate/main.ts             fetches what the cache lacks
 *   node image/generate/main.ts --offline   works from the cache alone
 *   node image/generate/main.ts --quiet     says nothing when there is nothing to do
 */
import { BuildError } from '../build-error.ts';
import { openCache } from '../cache/cache.ts';
import { generate, generatedDirectory } from './generate.ts';

const known = ['--offline', '--quiet'];

async function main(options: readonly string[]): Promise<void> {
  const unknown = options.filter((option) => !known.includes(option));
  if (unknown.length > 0) {
    throw new BuildError(
      'usage',
      `"${unknown.join(' ')}" means nothing here; there are ${known.join(' and ')}.`,
    );
  }
  const startedAt = performance.now();
  const isNew = await generate({
    cache: openCache(),
    offline: options.includes('--offline'),
    directory: generatedDirectory,
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (isNew) console.log(`generate: the schemas of the Kubernetes API are made (${seconds} s)`);
  else if (!options.includes('--quiet')) console.log(`generate: nothing to do (${seconds} s)`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(`generate: ${error.message}`);
  process.exitCode = error.exitCode;
}
