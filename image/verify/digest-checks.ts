/** Whether the files are those that were signed: SHA256SUMS and its signature. */
import { access } from 'node:fs/promises';
import path from 'node:path';
import { parseSums, sumsName } from '../disk/sums.ts';
import { sha256OfFile } from '../disk/write-disk.ts';
import { type ImageFile, readOptional } from '../inspect/image-file.ts';
import { isSignedBy } from '../signing/image-keys.ts';
import { signatureName } from '../signing/sign-sums.ts';
import { expectedPublicKey, type KeySource } from './expected-keys.ts';
import { attempt, type CheckResult, failed, fetchAgain, passed } from './result.ts';

export async function checkDigests(image: ImageFile): Promise<CheckResult> {
  const name = 'digests';
  return attempt(name, async () => {
    const sums = await readOptional(path.join(image.directory, sumsName));
    if (sums === null) {
      return failed(name, `there is no ${sumsName} beside the image`, 'put it there; the build writes it');
    }
    const digests = parseSums(sums.toString());
    const own = path.basename(image.file);
    if (!digests.has(own))
      return failed(name, `${sumsName} does not name ${own}`, 'keep the names that the build gave');
    const here: string[] = [];
    const wrong: string[] = [];
    for (const [file, digest] of digests) {
      const absolute = path.join(image.directory, file);
      if (!(await isThere(absolute))) continue;
      here.push(file);
      if ((await sha256OfFile(absolute)) !== digest) wrong.push(file);
    }
    if (wrong.length > 0) {
      return failed(name, `not what was built: ${wrong.join(', ')} (of ${here.length} files)`, fetchAgain);
    }
    const absent = digests.size - here.length;
    return passed(name, `${here.length} files are as built${absent === 0 ? '' : `, ${absent} are not here`}`);
  });
}

export async function checkSumsSignature(image: ImageFile, source: KeySource): Promise<CheckResult> {
  const name = 'signature';
  const key = await expectedPublicKey(image, source);
  if (key === null)
    return failed(
      name,
      'there is no image.pub beside the image',
      'put it there, or name the key: --public-key',
    );
  return attempt(name, async () => {
    const sums = await readOptional(path.join(image.directory, sumsName));
    const signature = await readOptional(path.join(image.directory, signatureName));
    if (sums === null || signature === null) {
      const lacking = sums === null ? sumsName : signatureName;
      return failed(name, `there is no ${lacking} beside the image`, 'put it there; the build writes it');
    }
    if (isSignedBy(key.key, sums, signature)) return passed(name, `${sumsName} is signed by ${key.trust}`);
    return failed(
      name,
      `${sumsName} is not signed by ${key.trust}`,
      'somebody else signed it, or it was changed: do not use it',
    );
  });
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
