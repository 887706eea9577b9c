/**
 * Writes stream-optimized VMDK files, front to back: header and descriptor, compressed grains with a table behind each
 * 512 of them, then directory, footer and end. Grains of zeros are not there.
 */
import { encodeRecord } from '../struct.ts';
import * as layout from './layout.ts';

export interface VmdkOptions {
  /** As the descriptor names the extent: the file itself. */
  readonly fileName: string;
  readonly capacityBytes: number;
  /** Tells contents apart; eight lower-case hexadecimal digits. */
  readonly contentId: string;
}

/** Collects what the tables say while the grains go by. Every method returns the bytes that come next in the file. */
export class VmdkWriter {
  readonly #options: VmdkOptions;
  readonly #directory: Uint32Array;
  #table = new Uint32Array(layout.entriesPerTable);
  /** The table that is being filled; null before the first grain of it. */
  #tableIndex: number | null = null;
  #nextSector = layout.overheadSectors;

  constructor(options: VmdkOptions) {
    this.#options = options;
    const grains = Math.ceil(options.capacityBytes / layout.grainSize);
    this.#directory = new Uint32Array(Math.ceil(grains / layout.entriesPerTable));
  }

  /** Header and descriptor, up to the first grain. */
  start(): Uint8Array {
    const bytes = Buffer.alloc(layout.overheadSectors * layout.sectorSize);
    bytes.set(this.#header(layout.directoryAtEnd), 0);
    const descriptor = Buffer.from(describe(this.#options));
    if (descriptor.length > layout.descriptorSectors * layout.sectorSize)
      throw new RangeError('the descriptor is too long for its sectors');
    bytes.set(descriptor, layout.sectorSize);
    return bytes;
  }

  /** One grain that is not all zero; `compressed` is a zlib stream. Grains come in ascending order. */
  grain(index: number, compressed: Uint8Array): Uint8Array {
    const tableIndex = Math.floor(index / layout.entriesPerTable);
    const before = this.#tableIndex !== null && this.#tableIndex !== tableIndex ? this.#endTable() : [];
    this.#tableIndex = tableIndex;
    this.#table[index % layout.entriesPerTable] = this.#nextSector;
    const marker = encodeRecord(layout.grainMarker, layout.grainMarkerSize, {
      firstSector: BigInt(index * layout.grainSectors),
      sizeBytes: compressed.length,
    });
    return Buffer.concat([...before, ...this.#take([marker, compressed])]);
  }

  /** The last table, the directory, the footer and the end of the stream. */
  end(): Uint8Array {
    const parts = this.#tableIndex === null ? [] : this.#endTable();
    const directory = littleEndian(this.#directory);
    const sectors = Math.ceil(directory.length / layout.sectorSize);
    parts.push(...this.#take([encodeMarker(layout.markerKind.directory, sectors)]));
    const directoryOffset = BigInt(this.#nextSector);
    parts.push(...this.#take([directory]));
    parts.push(encodeMarker(layout.markerKind.footer, 1), this.#header(directoryOffset));
    return Buffer.concat([...parts, encodeMarker(layout.markerKind.endOfStream, 0)]);
  }

  #endTable(): Uint8Array[] {
    const marker = this.#take([encodeMarker(layout.markerKind.table, layout.tableSectors)]);
    this.#directory[this.#tableIndex!] = this.#nextSector;
    const table = this.#take([littleEndian(this.#table)]);
    this.#table = new Uint32Array(layout.entriesPerTable);
    return [...marker, ...table];
  }

  /** Fills the last sector with zeros and moves on. */
  #take(parts: readonly Uint8Array[]): Uint8Array[] {
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    const sectors = Math.ceil(size / layout.sectorSize);
    this.#nextSector += sectors;
    return [...parts, new Uint8Array(sectors * layout.sectorSize - size)];
  }

  #header(directory: bigint): Uint8Array {
    return encodeRecord(layout.header, layout.sectorSize, {
      magic: Buffer.from('KDMV'),
      version: 3,
      flags: layout.flags,
      capacity: BigInt(this.#options.capacityBytes / layout.sectorSize),
      grainSectors: BigInt(layout.grainSectors),
      descriptorOffset: 1n,
      descriptorSectors: BigInt(layout.descriptorSectors),
      entriesPerTable: layout.entriesPerTable,
      redundantDirectory: 0n,
      directory,
      overheadSectors: BigInt(layout.overheadSectors),
      uncleanShutdown: 0,
      newlines: Buffer.from('\n \r\n'),
      compression: layout.deflate,
    });
  }
}

/** Geometry as VMware gives to disks on a SCSI adapter: 255 heads and 63 sectors from 1 GiB on. */
function describe({ fileName, capacityBytes, contentId }: VmdkOptions): string {
  const sectors = capacityBytes / layout.sectorSize;
  const [heads, perTrack] = capacityBytes >= 2 ** 30 ? [255, 63] : [64, 32];
  return [
    '# Disk DescriptorFile',
    'version=1',
    `CID=${contentId}`,
    'parentCID=ffffffff',
    'createType="streamOptimized"',
    '',
    '# Extent description',
    `RW ${sectors} SPARSE "${fileName}"`,
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    'ddb.adapterType = "lsilogic"',
    `ddb.geometry.cylinders = "${Math.min(Math.ceil(sectors / (heads * perTrack)), 65535)}"`,
    `ddb.geometry.heads = "${heads}"`,
    `ddb.geometry.sectors = "${perTrack}"`,
    'ddb.virtualHWVersion = "10"',
    '',
  ].join('\n');
}

function encodeMarker(kind: number, sectors: number): Uint8Array {
  return encodeRecord(layout.marker, layout.sectorSize, { sectors: BigInt(sectors), sizeBytes: 0, kind });
}

function littleEndian(numbers: Uint32Array): Uint8Array {
  const bytes = Buffer.alloc(numbers.length * 4);
  numbers.forEach((number, index) => {
    bytes.writeUInt32LE(number, index * 4);
  });
  return bytes;
}
