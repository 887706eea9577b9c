/** Waiting for something to become true, never for a time to pass. */

export interface WaitOptions {
  /** In words that follow "waited in vain until". */
  readonly what: string;
  readonly limitSeconds: number;
  /** Between two looks. Default 500. */
  readonly pauseMilliseconds?: number;
  /** Anything a person needs to understand why it did not come. */
  readonly report?: () => string;
}

/** It did not come in time. */
export class WaitError extends Error {
  override readonly name = 'WaitError';
  readonly code = 'timeout';
}

/**
 * Looks until `look` gives something other than null. An error of `look` is no answer yet; the last one is told when time
 * is up. Rejects with `WaitError`.
 */
export async function waitUntil<Result>(
  options: WaitOptions,
  look: () => Promise<Result | null>,
): Promise<Result> {
  const deadline = performance.now() + options.limitSeconds * 1000;
  let lastError = '';
  for (;;) {
    try {
      const result = await look();
      if (result !== null) return result;
      lastError = '';
    } catch (error) {
      lastError = ` (last: ${error instanceof Error ? error.message : String(error)})`;
    }
    if (performance.now() >= deadline) {
      const report = options.report ? `\n${options.report()}` : '';
      throw new WaitError(
        `waited ${options.limitSeconds} s in vain until ${options.what}${lastError}${report}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, options.pauseMilliseconds ?? 500));
  }
}
