/** All that can be said about a finished image without starting it, check by check. */
import path from 'node:path';
import type { Cache } from '../cache/cache.ts';
import { temporary } from '../cache/temporary.ts';
import { toolsFor } from '../inspect/boot-partition.ts';
import { lockBeside, openImageFile } from '../inspect/image-file.ts';
import type { Progress } from '../progress.ts';
import { checkContent } from './content-checks.ts';
import { checkDigests, checkSumsSignature } from './digest-checks.ts';
import type { KeySource } from './expected-keys.ts';
import { checkRebuild } from './rebuild.ts';
import type { CheckResult } from './result.ts';
import { checkTable } from './table-check.ts';

export interface VerifyOptions {
  readonly file: string;
  readonly cache: Cache;
  readonly keys: KeySource;
  /** Build it again and compare. */
  readonly rebuild: boolean;
  readonly progress: Progress;
  /** Hears of each check when it is done. */
  readonly onResult: (result: CheckResult) => void;
}

/** @throws BuildError when there is no image, no tool to read it, or no key where the person says. */
export async function verifyImage(options: VerifyOptions): Promise<readonly CheckResult[]> {
  const { cache, keys, progress } = options;
  const results: CheckResult[] = [];
  const add = (...found: readonly CheckResult[]): void => {
    for (const result of found) options.onResult(result);
    results.push(...found);
  };
  await using work = await temporary(path.join(cache.directory, 'verifying', String(process.pid)));
  const image = await openImageFile(options.file, work.directory);
  add(await checkSumsSignature(image, keys), await checkDigests(image));
  const { table, result } = await checkTable(image);
  add(result);
  if (table === null) return results;
  const lock = await lockBeside(image);
  const tools = await toolsFor(cache, lock);
  const content = await checkContent({ image, table, tools, keys, workDirectory: work.directory });
  add(...content.results);
  if (!options.rebuild) return results;
  const isSound = results.every((one) => one.ok);
  add(
    await checkRebuild({
      ...{ image, table, tools, cache, progress, boot: content.boot, isSound },
      workDirectory: path.join(work.directory, 'rebuild'),
    }),
  );
  return results;
}
