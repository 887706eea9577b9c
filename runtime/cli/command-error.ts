/** How a command ends when it does not work out: one message for the person, one exit code. */

export class CommandError extends Error {
  override readonly name = 'CommandError';
  /** 1: the command failed. 2: it was used wrongly; nothing was done. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** For wrong usage: exit code 2. */
export function usageError(message: string): CommandError {
  return new CommandError(message, 2);
}

/**
 * The exit code for whatever ended a command. Told by name and not by class: in the executable a command may come from
 * a bundle of its own, which has its own copy of the class.
 */
export function exitCodeOf(error: unknown): 1 | 2 {
  if (!(error instanceof Error)) return 1;
  if (error.name === 'CommandError') return (error as CommandError).exitCode;
  return error.name === 'CACError' ? 2 : 1;
}
