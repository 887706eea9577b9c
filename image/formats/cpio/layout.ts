/** The cpio "new ASCII" header (cpio(5)): a magic number, then thirteen fields of eight hexadecimal digits. */

export const magic = '070701';
export const fieldDigits = 8;

/** In the order in which they stand. */
export const fields = [
  'inode',
  'mode',
  'user',
  'group',
  'links',
  'modifiedAt',
  'size',
  'deviceMajor',
  'deviceMinor',
  'specialMajor',
  'specialMinor',
  'nameSize',
  'check',
] as const;

export type HeaderField = (typeof fields)[number];
export type Header = Readonly<Record<HeaderField, number>>;

export const headerSize = magic.length + fields.length * fieldDigits;
/** Header with name, and data, each end on a multiple of this. */
export const alignment = 4;
export const trailerName = 'TRAILER!!!';
