/** A platform could not be asked for the machine's configuration; the message is a full sentence without its stop. */
export class MetadataError extends Error {
  override readonly name = 'MetadataError';
  /** Whether it may be otherwise a moment later. */
  readonly isPassing: boolean;

  constructor(message: string, isPassing: boolean) {
    super(message);
    this.isPassing = isPassing;
  }
}
