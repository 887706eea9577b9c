/** How the merge fails: what does not fit, and which file of this folder to look at. */
import { BuildError } from '../../build-error.ts';

export function refuseParts(what: string, where: string): never {
  throw new BuildError(
    'unexpected-node',
    `Node and what is linked to it do not fit together: ${what}. See image/binary/static/${where}.`,
  );
}
