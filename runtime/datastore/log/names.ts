/** The names of the log's files. */

/** The segment that is made ready ahead of its use; it gets its proper name when it is. */
export const SPARE_NAME = 'spare.tmp';

export function segmentName(sequence: number): string {
  return `${sequence.toString(16).padStart(16, '0')}.log`;
}

/** The sequence number in a segment's name; null for other files. */
export function parseSegmentName(name: string): number | null {
  const match = /^([0-9a-f]{16})\.log$/.exec(name);
  return match === null ? null : Number.parseInt(match[1]!, 16);
}
