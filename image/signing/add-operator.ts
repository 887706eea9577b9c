/**
 * Puts the public half of the workstation's operator key into a recipe that does not say who may ask its machines from afar.
 * It becomes a part of the recipe, and so lies beside the image, which anybody can build again without the key.
 */
import {
  OperatorKeyError,
  operatorFingerprint,
  personalDirectory,
  provideOperatorKey,
} from '../../runtime/operator/operator-key.ts';
import { BuildError } from '../build-error.ts';
import type { ParsedRecipe } from '../recipe/parse.ts';
import { withOperators } from '../recipe/resolve.ts';

/** As certificates and kubeconfigs name whoever builds. */
const operatorName = 'operator';

/**
 * @param keyDirectory null where the image is signed with the development keys: the key is then the person's own, since
 * nobody else may have it.
 * @param say takes a sentence for the person.
 * @throws BuildError `keys` when there is no key and none can be made.
 */
export function addOperator(
  parsed: ParsedRecipe,
  keyDirectory: string | null,
  say: (text: string) => void,
): ParsedRecipe {
  if (parsed.recipe.operators !== undefined) return parsed;
  try {
    const { file, publicKey, made } = provideOperatorKey(keyDirectory ?? personalDirectory());
    if (made) {
      say(
        `made an operator key, ${file} (${operatorFingerprint(publicKey)}): who has it may ask the machines of this image for everything (trivet status --server, trivet kubeconfig)`,
      );
    }
    return withOperators(parsed, [{ name: operatorName, key: publicKey }]);
  } catch (cause) {
    if (!(cause instanceof OperatorKeyError)) throw cause;
    const text = `${cause.message} An image without an operator's key has "operators: []" in its recipe.`;
    throw new BuildError('keys', text, { cause });
  }
}
