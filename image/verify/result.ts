/** What a check of an image finds. */

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  /** What was found. */
  readonly detail: string;
  /** What to do; empty when all is well. */
  readonly advice: string;
}

export function passed(name: string, detail: string): CheckResult {
  return { name, ok: true, detail, advice: '' };
}

export function failed(name: string, detail: string, advice: string): CheckResult {
  return { name, ok: false, detail, advice };
}

/** What to do about anything that differs from what was built. */
export const fetchAgain = 'fetch or build the image again';

/** Runs a check; an error in it is a failure of the image, in the error's own words. */
export async function attempt(name: string, work: () => Promise<CheckResult>): Promise<CheckResult> {
  try {
    return await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // A program's output after the line that names it.
    const [first = '', ...others] = message.split('\n').map((line) => line.trim());
    return failed(
      name,
      others
        .filter((line) => line !== '')
        .slice(-3)
        .join('; ') || first,
      fetchAgain,
    );
  }
}
