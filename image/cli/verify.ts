/** `trivet verify IMAGE`: whether it is what was built, by whom, and of what. */
import { BuildError } from '../build-error.ts';
import { openCache } from '../cache/cache.ts';
import { Progress } from '../progress.ts';
import type { CheckResult } from '../verify/result.ts';
import { verifyImage } from '../verify/verify.ts';

export interface VerifyCommandOptions {
  readonly rebuild: boolean;
  readonly keys: string | undefined;
  readonly publicKey: string | undefined;
  readonly json: boolean;
}

/** @throws BuildError `verification` when a check has failed. */
export async function verifyCommand(file: string, options: VerifyCommandOptions): Promise<void> {
  const { keys, publicKey, json } = options;
  if (keys !== undefined && publicKey !== undefined) {
    throw new BuildError('usage', '--keys holds the public key too: name either --keys or --public-key.');
  }
  const results = await verifyImage({
    ...{ file, cache: openCache(), rebuild: options.rebuild },
    keys: { keysDirectory: keys ?? null, publicKeyFile: publicKey ?? null },
    progress: new Progress((line) => process.stderr.write(`${line}\n`)),
    onResult: (result) => {
      if (!json) process.stdout.write(format(result));
    },
  });
  const failures = results.filter((result) => !result.ok).length;
  if (json) process.stdout.write(`${JSON.stringify({ ok: failures === 0, checks: results }, null, 2)}\n`);
  if (failures === 0) return;
  throw new BuildError('verification', `${file}: ${failures} of ${results.length} checks failed.`);
}

function format({ name, ok, detail, advice }: CheckResult): string {
  return `${ok ? 'ok    ' : 'FAILED'}  ${name}: ${detail}${ok ? '' : ` -> ${advice}`}\n`;
}
