/** The elements of a block map, version 2.0, in their order, as bmaptool reads and writes them. */

export const version = '2.0';
export const blockSize = 4096;
export const checksumKind = 'sha256';
/** What stands in the place of the file's own checksum while that is computed. */
export const noChecksum = '0'.repeat(64);

export const elements = [
  ...['ImageSize', 'BlockSize', 'BlocksCount', 'MappedBlocksCount', 'ChecksumType', 'BmapFileChecksum'],
] as const;
