/** Who may ask the nodes of a cluster from afar: persons, by the public halves of their keys. */
import { createPublicKey } from 'node:crypto';
import * as z from 'zod';

const mostOperators = 16;

/** The key in DER (SPKI), in Base64, on one line; null for anything else than a P-256 key written in just this way. */
function parseOperatorKey(text: string): Buffer | null {
  try {
    const der = Buffer.from(text, 'base64');
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return null;
    return key.export({ format: 'der', type: 'spki' }).toString('base64') === text ? der : null;
  } catch {
    return null;
  }
}

const operatorSchema = z.strictObject({
  /** Becomes the name in the operator's certificate. */
  name: z
    .string()
    .regex(
      /^[a-z0-9]([a-z0-9.@_-]{0,61}[a-z0-9])?$/,
      'must be 1 to 63 lower-case letters, digits, dots, hyphens, underscores or @, and start and end with a letter or digit',
    ),
  /** As in the file operator.pub beside the operator's key. */
  key: z
    .string()
    .max(256)
    .refine((text) => parseOperatorKey(text) !== null, 'must be the line of an operator.pub (a P-256 key)'),
});

export type Operator = z.infer<typeof operatorSchema>;

export const operatorsSchema = z
  .array(operatorSchema)
  .max(mostOperators)
  .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'names two operators alike')
  .refine((list) => new Set(list.map(({ key }) => key)).size === list.length, 'has one key twice');
