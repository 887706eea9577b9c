/** What can go wrong with a virtual machine; the message is for the person at the terminal. */

export type MachineErrorCode =
  | 'missingProgram'
  | 'badImage'
  | 'diskFailed'
  | 'pathTooLong'
  | 'startFailed'
  | 'ended'
  | 'qmpFailed'
  | 'timeout';

export class MachineError extends Error {
  override readonly name = 'MachineError';
  readonly code: MachineErrorCode;

  constructor(code: MachineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
