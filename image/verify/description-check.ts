/** What the image says about itself, and whose updates a device with it will take. */
import type { ImageFile } from '../inspect/image-file.ts';
import { developmentKeys } from '../signing/development-keys.ts';
import { runTool, type Tools } from '../tools/tools.ts';
import { expectedPublicKey, type KeySource } from './expected-keys.ts';
import { attempt, type CheckResult, failed, fetchAgain, passed } from './result.ts';

const name = 'description';

/** @param root a file with the root's file system. */
export async function checkDescription(
  tools: Tools,
  image: ImageFile,
  root: string,
  source: KeySource,
): Promise<CheckResult> {
  const expected = await expectedPublicKey(image, source);
  return attempt(name, async () => {
    const { stdout } = await runTool(tools, 'dump.erofs', [
      '--cat',
      '--path=/usr/lib/trivet/image.json',
      root,
    ]);
    const { name: imageName, version, keys, publicKey } = JSON.parse(stdout) as Record<string, unknown>;
    const isDevelopment = publicKey === (await developmentKeys()).publicKeyPem;
    if ((keys === 'development') !== isDevelopment) {
      return failed(name, `image.json says "${keys}" keys and has others`, fetchAgain);
    }
    if (expected !== null && publicKey !== expected.key) {
      return failed(
        name,
        `devices would take updates of another key than ${expected.trust}`,
        'do not use it',
      );
    }
    const whose = isDevelopment ? 'everybody (development keys)' : 'whoever has the key of image.pub';
    return passed(name, `${imageName} ${version}; devices take updates of ${whose}`);
  });
}
