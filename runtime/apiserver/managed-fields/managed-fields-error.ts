/** What was applied does not fit its type, or a set of fields is none. */
export class ManagedFieldsError extends Error {
  override readonly name = 'ManagedFieldsError';
  readonly code: 'malformed' | 'undeclared' | 'wrongType' | 'noKey' | 'duplicate';

  constructor(code: ManagedFieldsError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
