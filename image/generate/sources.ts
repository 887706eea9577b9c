/** The pinned packages as one directory of what the step reads, in the cache. */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { BuildError } from '../build-error.ts';
import { type Cache, cached, cacheKey } from '../cache/cache.ts';
import { openApt } from '../packages/apt.ts';
import { fetchPackages, packageFile } from '../packages/fetch.ts';
import { run } from '../process/run.ts';
import { hostArchitecture } from '../tools/tools.ts';
import { inputs } from './inputs.ts';

export interface Sources {
  /** Holds `k8s.io/` and `github.com/`. */
  readonly go: string;
  /** An OpenAPI v2 document of Kubernetes 1.30. */
  readonly swagger: string;
  /** Whose the definitions are, and under which licence. */
  readonly copyright: string;
}

const swaggerInArchive = 'python-30.1.0/kubernetes/swagger.json.unprocessed';

/** @throws BuildError when they are neither in the cache nor to be had, or are not what is pinned. */
export async function provideSources(
  cache: Cache,
  { offline }: { readonly offline: boolean },
): Promise<Sources> {
  const { pythonKubernetes, ...goPackages } = inputs;
  const all = Object.values(inputs);
  const key = cacheKey(all.map(({ sha256 }) => sha256));
  const directory = await cached(cache, 'kubernetes-sources', key, async (output) => {
    await fetchPackages(cache, all, { offline, apt: () => openApt(cache, hostArchitecture.debian) }).catch(
      (cause: unknown) => {
        if (!(cause instanceof BuildError)) throw cause;
        throw new BuildError(
          cause.code,
          `${cause.message}\nThe schemas of the Kubernetes API are made of these packages; image/generate/inputs.ts pins them.`,
          { cause },
        );
      },
    );
    for (const item of Object.values(goPackages)) {
      await run('dpkg-deb', ['--extract', packageFile(cache, item), output]);
    }
    const archive = path.join(output, 'python');
    await mkdir(archive);
    await run('tar', ['-xzf', packageFile(cache, pythonKubernetes), '-C', archive, swaggerInArchive]);
  });
  return {
    go: path.join(directory, 'usr/share/gocode/src'),
    swagger: path.join(directory, 'python', swaggerInArchive),
    copyright: path.join(directory, 'usr/share/doc', inputs.api.name, 'copyright'),
  };
}

/** What an executable that holds the schemas has to say of them. */
export async function kubernetesLicense(
  cache: Cache,
): Promise<{ readonly version: string; readonly copyright: string }> {
  const sources = await provideSources(cache, { offline: false });
  return { version: inputs.api.version, copyright: await readFile(sources.copyright, 'utf8') };
}
