/** What is wrong with protobuf that came in, or with an object that is to go out. Both come from clients: data, no crash. */

export type CodecErrorCode =
  /** The bytes are no such message. */
  | 'malformed'
  /** A value of the object does not fit its field. */
  | 'wrongType'
  /** It has no kind that is known. */
  | 'unknownKind'
  /** Nested too deep, or too many values. */
  | 'tooLarge';

export class CodecError extends Error {
  override readonly name = 'CodecError';
  readonly code: CodecErrorCode;
  /** Where in the object: `spec.containers[0].name`; empty for the whole. */
  readonly path: string;

  constructor(code: CodecErrorCode, what: string, path: readonly (string | number)[] = []) {
    const place = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
    const where = place.replace(/^\./, '');
    super(where === '' ? what : `${where}: ${what}`);
    this.code = code;
    this.path = where;
  }
}
