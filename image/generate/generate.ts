/**
 * The step itself, read from top to bottom: sources, model, and the files that are made of it. What was made is kept in
 * the builder's cache by everything that went into it, and copied into the checkout.
 */
import { createHash, randomBytes } from 'node:crypto';
import { globSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { openApiIndexFile, typesFile } from '../../runtime/apiserver/schemas/generated-files.ts';
import { type Cache, cached, cacheKey } from '../cache/cache.ts';
import { inputs } from './inputs.ts';
import type { TypeModel } from './model.ts';
import { makeDefinitions } from './openapi/definitions.ts';
import type { Swagger } from './openapi/document.ts';
import { encodeSwagger } from './openapi/gnostic.ts';
import { makeSwagger, withoutDefaults } from './openapi/version2.ts';
import { makeVersion3 } from './openapi/version3.ts';
import { readModel } from './read-model.ts';
import { provideSources } from './sources.ts';
import { writeTypesFile } from './types-file.ts';
import { writeTypeScript } from './typescript.ts';

const checkout = path.resolve(import.meta.dirname, '../..');
export const generatedDirectory = path.join(checkout, 'runtime/apiserver/schemas/generated');

/** Says what the files beside it were made of. */
export const stampFile = 'stamp';

export interface GenerateOptions {
  readonly cache: Cache;
  readonly offline: boolean;
  /** Where the files go; nobody else writes there. */
  readonly directory: string;
}

/** @returns whether there was anything to do. @throws BuildError */
export async function generate({ cache, offline, directory }: GenerateOptions): Promise<boolean> {
  const key = await inputsKey();
  const stamp = await readFile(path.join(directory, stampFile), 'utf8').catch(() => '');
  if (stamp === key) return false;
  const made = await cached(cache, 'kubernetes-schemas', key, (output) => makeFiles(cache, offline, output));
  await place(made, key, directory);
  return true;
}

/** Whole or not there: another process may be reading, or doing the same. */
async function place(made: string, key: string, directory: string): Promise<void> {
  const unique = randomBytes(4).toString('hex');
  const [unfinished, old] = [`${directory}.new-${unique}`, `${directory}.old-${unique}`];
  try {
    await cp(made, unfinished, { recursive: true });
    await writeFile(path.join(unfinished, stampFile), key);
    await rename(directory, old).catch(ignore('ENOENT'));
    // Who was quicker has put the same files there.
    await rename(unfinished, directory).catch(ignore('ENOTEMPTY'));
  } finally {
    await Promise.all([unfinished, old].map((name) => rm(name, { recursive: true, force: true })));
  }
}

function ignore(code: string): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (error.code !== code) throw error;
  };
}

/** Of the pinned packages, and of the programs that work on them. */
async function inputsKey(): Promise<string> {
  const programs = globSync('image/generate/**/*.{ts,proto}', { cwd: checkout, exclude: ['**/*.test.ts'] });
  const all = [...programs, ...formatFiles].sort();
  const digests = all.map(async (file) => {
    const content = await readFile(path.join(checkout, file));
    return [file, createHash('sha256').update(content).digest('hex')] as const;
  });
  return cacheKey({ inputs, programs: await Promise.all(digests) });
}

/** What the device and this step have in common. */
const formatFiles = ['types-file.ts', 'generated-files.ts'].map(
  (name) => `runtime/apiserver/schemas/${name}`,
);

async function makeFiles(cache: Cache, offline: boolean, output: string): Promise<void> {
  const sources = await provideSources(cache, { offline });
  const version = inputs.api.version.replace(/^0\.(.*)-.*$/, '1.$1');
  const before = JSON.parse(await readFile(sources.swagger, 'utf8')) as Swagger;
  const packages = await readModel(sources.go, before);
  await writeFile(path.join(output, typesFile), writeTypesFile(packages, version));

  await mkdir(path.join(output, 'types'));
  for (const [name, text] of writeTypeScript(packages)) {
    await writeFile(path.join(output, 'types', name), text);
  }

  const meta = packages.find(({ name }) => name === 'io.k8s.apimachinery.pkg.apis.meta.v1')!;
  const typeMeta: TypeModel = meta.types.find(({ name }) => name === 'TypeMeta')!;
  const groupVersions = packages.flatMap(({ group, version }) =>
    group === null ? [] : [{ group, version }],
  );
  const swagger = makeSwagger(before, makeDefinitions(packages, typeMeta), groupVersions, version);
  await writeOpenApi(output, swagger, sources.go);
}

/** Documents are kept as they are sent to almost every client: compressed. */
async function writeOpenApi(output: string, swagger: Swagger, goRoot: string): Promise<void> {
  const version2 = withoutDefaults(swagger);
  const files: (readonly [string, Uint8Array])[] = [
    ['openapi-v2.json', Buffer.from(JSON.stringify(version2))],
    ['openapi-v2.pb', await encodeSwagger(version2, goRoot)],
  ];
  const index: Record<string, { readonly file: string; readonly hash: string }> = {};
  for (const [name, document] of makeVersion3(swagger)) {
    const bytes = Buffer.from(JSON.stringify(document));
    const file = `openapi-v3-${name.replaceAll('/', '-')}.json`;
    files.push([file, bytes]);
    index[name] = {
      file: `${file}.gz`,
      hash: createHash('sha512').update(bytes).digest('hex').toUpperCase(),
    };
  }
  for (const [name, bytes] of files) {
    await writeFile(path.join(output, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  }
  await writeFile(path.join(output, openApiIndexFile), JSON.stringify(index));
}
