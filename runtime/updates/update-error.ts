/** Why an update cannot be installed or confirmed; the message is for the person at the console. */

export type UpdateErrorCode =
  /** The file is none, is damaged, or is not whole. */
  | 'notAnUpdate'
  | 'damaged'
  | 'signature'
  /** It is for other machines. */
  | 'otherDevice'
  | 'notNewer'
  | 'failedBefore'
  | 'doesNotFit'
  /** The version that runs is itself on trial. */
  | 'onTrial'
  /** This machine has no slots, or they cannot be written. */
  | 'device'
  | 'unhealthy';

export class UpdateError extends Error {
  override readonly name = 'UpdateError';
  readonly code: UpdateErrorCode;

  constructor(code: UpdateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
