/** The version of Trivet: the builder's package version, compiled in when the executable is packaged. */
import { createRequire } from 'node:module';

declare const TRIVET_VERSION: string | undefined;
declare const TRIVET_PACKAGED: boolean | undefined;

/** Whether this is the packaged executable; in a checkout Node runs the sources themselves. */
export const isPackaged: boolean = typeof TRIVET_PACKAGED !== 'undefined' && TRIVET_PACKAGED;

export const version: string = typeof TRIVET_VERSION === 'undefined' ? versionOfCheckout() : TRIVET_VERSION;

function versionOfCheckout(): string {
  const manifest = createRequire(import.meta.url)('../package.json') as { version: string };
  return manifest.version;
}
