/** A file that the plan itself writes into the root. */
export interface PlannedFile {
  /** Absolute, on the device. */
  readonly path: string;
  readonly content: string;
  /** Default 0644. */
  readonly mode?: number;
}

/** A symbolic link that the plan itself writes into the root. */
export interface PlannedLink {
  /** Absolute, on the device. */
  readonly path: string;
  readonly target: string;
}
