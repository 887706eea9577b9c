/**
 * The schemas of the Kubernetes API beside the bundles, when something in those reads them: assets of the executable by
 * the names that `npm run generate` gives them.
 */
import { copyFile, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Component } from '../../runtime/licenses/notices.ts';
import type { Cache } from '../cache/cache.ts';
import { generate, generatedDirectory, stampFile } from '../generate/generate.ts';
import { kubernetesLicense } from '../generate/sources.ts';

export interface SchemaOptions {
  readonly checkout: string;
  readonly cache: Cache;
  readonly bundleDirectory: string;
  /** The files that the bundles were made of, as absolute paths. */
  readonly bundledFiles: readonly string[];
}

/** What reads them. */
const reader = 'runtime/apiserver/schemas/generated-files.ts';

/** Makes them when they are missing or old. @returns whose licences come with them; empty when nothing reads them. */
export async function addSchemas(options: SchemaOptions): Promise<readonly Component[]> {
  const { checkout, cache, bundleDirectory, bundledFiles } = options;
  if (!bundledFiles.includes(path.join(checkout, reader))) return [];
  await generate({ cache, offline: false, directory: generatedDirectory });
  const entries = await readdir(generatedDirectory, { withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile() || entry.name === stampFile) continue;
    await copyFile(path.join(generatedDirectory, entry.name), path.join(bundleDirectory, entry.name));
  }
  // The same licence as this project's own, whose text Debian's file refers to.
  const text = await readFile(path.join(checkout, 'LICENSE'), 'utf8');
  const { version, copyright } = await kubernetesLicense(cache);
  return [
    {
      ...{ name: 'kubernetes-api', version, license: 'Apache-2.0', source: 'Debian package' },
      text: `${copyright.trim()}\n\n--------\n\n${text}`,
    },
  ];
}
