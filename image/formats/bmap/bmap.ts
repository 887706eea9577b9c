/**
 * Writes and reads block maps (bmap 2.0): which blocks of an image must reach the disk, with a checksum for each run of
 * them. XML of one fixed shape; others that bmaptool writes have the same one but for their comments and spaces.
 */
import * as layout from './layout.ts';

export interface MappedRange {
  readonly firstBlock: number;
  /** Inclusive. */
  readonly lastBlock: number;
  /** SHA-256 of the blocks, in lower-case hexadecimal; of the last block only what belongs to the image. */
  readonly sha256: string;
}

export interface BlockMap {
  readonly imageBytes: number;
  readonly blockSize: number;
  /** In ascending order, apart from each other. */
  readonly ranges: readonly MappedRange[];
}

/** The digest of a text in lower-case hexadecimal. */
type Sha256 = (text: string) => string;

export function encodeBmap(map: BlockMap, sha256: Sha256): string {
  const text = withChecksum(map, layout.noChecksum);
  return withChecksum(map, sha256(text));
}

function withChecksum({ imageBytes, blockSize, ranges }: BlockMap, checksum: string): string {
  const mapped = ranges.reduce((sum, { firstBlock, lastBlock }) => sum + lastBlock - firstBlock + 1, 0);
  const values: Readonly<Record<string, string | number>> = {
    ImageSize: imageBytes,
    BlockSize: blockSize,
    BlocksCount: Math.ceil(imageBytes / blockSize),
    MappedBlocksCount: mapped,
    ChecksumType: layout.checksumKind,
    BmapFileChecksum: checksum,
  };
  return [
    '<?xml version="1.0" ?>',
    '<!-- The blocks of the image that must be written. What is not named here may stay as it is on the disk. -->',
    `<bmap version="${layout.version}">`,
    ...layout.elements.map((name) => `    <${name}> ${values[name]} </${name}>`),
    '    <BlockMap>',
    ...ranges.map((range) => `        <Range chksum="${range.sha256}"> ${blocksOf(range)} </Range>`),
    '    </BlockMap>',
    '</bmap>',
    '',
  ].join('\n');
}

function blocksOf({ firstBlock, lastBlock }: MappedRange): string {
  return firstBlock === lastBlock ? String(firstBlock) : `${firstBlock}-${lastBlock}`;
}

/** @throws Error that says what is wrong with it. */
export function decodeBmap(text: string, sha256: Sha256): BlockMap {
  const version = /<bmap\s+version="([^"]*)"/.exec(text)?.[1];
  if (version === undefined) throw new Error('it is no block map');
  if (version !== layout.version) throw new Error(`it has version ${version} instead of ${layout.version}`);
  if (element(text, 'ChecksumType') !== layout.checksumKind)
    throw new Error(`its checksums are not of the kind ${layout.checksumKind}`);
  const checksum = element(text, 'BmapFileChecksum');
  if (sha256(text.replace(checksum, layout.noChecksum)) !== checksum)
    throw new Error('it is damaged: its checksum does not fit');
  const imageBytes = numberOf(element(text, 'ImageSize'));
  const blockSize = numberOf(element(text, 'BlockSize'));
  const ranges = [
    ...text.matchAll(/<Range\s+chksum="([0-9a-f]{64})"\s*>\s*(\d+)(?:-(\d+))?\s*<\/Range>/g),
  ].map(([, digest = '', first = '', last = first]) => ({
    firstBlock: numberOf(first),
    lastBlock: numberOf(last),
    sha256: digest,
  }));
  const map = { imageBytes, blockSize, ranges };
  checkRanges(map, numberOf(element(text, 'MappedBlocksCount')));
  return map;
}

function checkRanges({ imageBytes, blockSize, ranges }: BlockMap, mappedBlocks: number): void {
  if (blockSize === 0) throw new Error('its block size is zero');
  let free = 0;
  let mapped = 0;
  for (const { firstBlock, lastBlock } of ranges) {
    if (firstBlock < free || lastBlock < firstBlock || lastBlock * blockSize >= imageBytes)
      throw new Error(`its range ${firstBlock}-${lastBlock} overlaps another or lies outside the image`);
    free = lastBlock + 1;
    mapped += lastBlock - firstBlock + 1;
  }
  if (mapped !== mappedBlocks)
    throw new Error(`its ranges have ${mapped} blocks, and it says that they have ${mappedBlocks}`);
}

function element(text: string, name: string): string {
  const value = new RegExp(`<${name}>\\s*([0-9a-z]+)\\s*</${name}>`).exec(text)?.[1];
  if (value === undefined) throw new Error(`it lacks ${name}`);
  return value;
}

function numberOf(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`"${text}" is no number that a block map can have`);
  return value;
}
