/** The builder's one error class. Its message is for the person at the terminal: what, where, and what to do. */

export type BuildErrorCode =
  | 'usage'
  | 'recipe'
  | 'lock'
  | 'missing-tool'
  | 'unexpected-node'
  | 'command-failed'
  | 'packages'
  | 'offline'
  | 'damaged-input'
  | 'does-not-fit'
  | 'not-an-image'
  | 'device'
  | 'interrupted'
  | 'licenses'
  | 'keys'
  | 'factory'
  | 'verification';

export class BuildError extends Error {
  override readonly name = 'BuildError';
  readonly code: BuildErrorCode;

  constructor(code: BuildErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** 2 when the command line was wrong, 130 when a person stopped the work (as shells have it), 1 when it failed. */
  get exitCode(): 1 | 2 | 130 {
    if (this.code === 'interrupted') return 130;
    return this.code === 'usage' ? 2 : 1;
  }
}
