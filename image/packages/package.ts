/** A Debian package as the lock file records it. */
import type { ArchiveName } from './host-apt.ts';

export interface Package {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly archive: ArchiveName;
  /** Below the archive's mirror. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}
