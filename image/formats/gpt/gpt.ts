/** Writes and reads a GUID partition table with its protective master boot record and its backup. */
import { crc32 } from 'node:zlib';
import { decodeRecord, encodeRecord } from '../struct.ts';
import * as layout from './layout.ts';

export interface Partition {
  readonly name: string;
  /** Lower-case GUIDs in their usual text form. */
  readonly type: string;
  readonly guid: string;
  readonly firstLba: number;
  readonly sectors: number;
}

export interface PartitionTable {
  readonly diskGuid: string;
  /** In the order of their numbers. */
  readonly partitions: readonly Partition[];
}

export interface EncodedTable {
  /** From the first sector on: protective record, header, entries. */
  readonly primary: Uint8Array;
  /** The last 33 sectors of the disk: entries, header. */
  readonly backup: Uint8Array;
}

/** Sectors the table takes at the start of the disk, and at its end. */
export const primarySectors = 2 + layout.entrySectors;
export const backupSectors = 1 + layout.entrySectors;

/** @throws RangeError when a partition overlaps another or lies outside the usable sectors. */
export function encodeTable(table: PartitionTable, diskSectors: number): EncodedTable {
  checkPartitions(table.partitions, diskSectors);
  const entries = encodeEntries(table.partitions);
  const first = encodeHeader(table, entries, diskSectors, 'primary');
  const last = encodeHeader(table, entries, diskSectors, 'backup');
  return {
    primary: Buffer.concat([encodeProtectiveRecord(diskSectors), first, entries]),
    backup: Buffer.concat([entries, last]),
  };
}

function checkPartitions(partitions: readonly Partition[], diskSectors: number): void {
  let free = primarySectors;
  for (const partition of [...partitions].sort((a, b) => a.firstLba - b.firstLba)) {
    if (partition.firstLba < free)
      throw new RangeError(`partition ${partition.name} overlaps what is before it`);
    free = partition.firstLba + partition.sectors;
  }
  if (free > diskSectors - backupSectors)
    throw new RangeError('the partitions reach beyond the end of the disk');
}

function encodeEntries(partitions: readonly Partition[]): Uint8Array {
  const bytes = new Uint8Array(layout.entryCount * layout.entrySize);
  partitions.forEach((partition, index) => {
    const record = encodeRecord(layout.entry, layout.entrySize, {
      typeGuid: guidBytes(partition.type),
      guid: guidBytes(partition.guid),
      firstLba: BigInt(partition.firstLba),
      lastLba: BigInt(partition.firstLba + partition.sectors - 1),
      attributes: 0n,
      name: Buffer.from(partition.name, 'utf16le'),
    });
    bytes.set(record, index * layout.entrySize);
  });
  return bytes;
}

function encodeHeader(
  table: PartitionTable,
  entries: Uint8Array,
  diskSectors: number,
  which: 'primary' | 'backup',
): Uint8Array {
  const lastLba = diskSectors - 1;
  const record = {
    signature: Buffer.from('EFI PART'),
    revision: 0x10000,
    headerSize: layout.headerSize,
    headerCrc: 0,
    ownLba: BigInt(which === 'primary' ? 1 : lastLba),
    otherLba: BigInt(which === 'primary' ? lastLba : 1),
    firstUsableLba: BigInt(primarySectors),
    lastUsableLba: BigInt(diskSectors - backupSectors - 1),
    diskGuid: guidBytes(table.diskGuid),
    entriesLba: BigInt(which === 'primary' ? 2 : diskSectors - backupSectors),
    entryCount: layout.entryCount,
    entrySize: layout.entrySize,
    entriesCrc: crc32(entries),
  };
  const draft = encodeRecord(layout.header, layout.sectorSize, record);
  const headerCrc = crc32(draft.subarray(0, layout.headerSize));
  return encodeRecord(layout.header, layout.sectorSize, { ...record, headerCrc });
}

function encodeProtectiveRecord(diskSectors: number): Uint8Array {
  const sector = new Uint8Array(layout.sectorSize);
  const entry = encodeRecord(layout.protectiveEntry, layout.protectiveEntrySize, {
    startingChs: Uint8Array.of(0x00, 0x02, 0x00),
    type: Uint8Array.of(0xee),
    endingChs: Uint8Array.of(0xff, 0xff, 0xff),
    startingLba: 1,
    sizeInSectors: Math.min(diskSectors - 1, 0xffffffff),
  });
  sector.set(entry, layout.protectiveEntryOffset);
  sector.set([0x55, 0xaa], 510);
  return sector;
}

/**
 * Reads the primary table from the first 34 sectors of a disk.
 * @throws Error that says what is wrong when there is no table or it is damaged.
 */
export function decodeTable(start: Uint8Array): PartitionTable {
  if (start.length < primarySectors * layout.sectorSize)
    throw new Error('it is too short for a partition table');
  const header = decodeRecord(layout.header, start, layout.sectorSize);
  if (Buffer.from(header.signature).toString('latin1') !== 'EFI PART') {
    throw new Error('it has no GUID partition table');
  }
  // A copy, also of a Buffer, whose slice would share its memory.
  const ownBytes = Uint8Array.from(start.subarray(layout.sectorSize, layout.sectorSize + layout.headerSize));
  ownBytes.fill(0, layout.header.headerCrc.offset, layout.header.headerCrc.offset + 4);
  if (crc32(ownBytes) !== header.headerCrc) throw new Error("its partition table's header is damaged");
  const entries = start.subarray(2 * layout.sectorSize, primarySectors * layout.sectorSize);
  if (crc32(entries) !== header.entriesCrc) throw new Error("its partition table's entries are damaged");
  return { diskGuid: guidText(header.diskGuid), partitions: decodeEntries(entries) };
}

function decodeEntries(entries: Uint8Array): Partition[] {
  const partitions: Partition[] = [];
  for (let at = 0; at < entries.length; at += layout.entrySize) {
    const entry = decodeRecord(layout.entry, entries, at);
    if (entry.typeGuid.every((byte) => byte === 0)) continue;
    partitions.push({
      name: Buffer.from(entry.name).toString('utf16le').replace(/\0.*$/s, ''),
      type: guidText(entry.typeGuid),
      guid: guidText(entry.guid),
      firstLba: Number(entry.firstLba),
      sectors: Number(entry.lastLba - entry.firstLba) + 1,
    });
  }
  return partitions;
}

/** A GUID's first three groups are little-endian on disk (UEFI specification, appendix A). */
export function guidBytes(text: string): Uint8Array {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) throw new RangeError(`"${text}" is no GUID`);
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  return Buffer.concat([
    bytes.subarray(0, 4).reverse(),
    bytes.subarray(4, 6).reverse(),
    bytes.subarray(6, 8).reverse(),
    bytes.subarray(8),
  ]);
}

export function guidText(bytes: Uint8Array): string {
  const at = (from: number, to: number): Buffer => Buffer.from(bytes.slice(from, to));
  const groups = [at(0, 4).reverse(), at(4, 6).reverse(), at(6, 8).reverse(), at(8, 10), at(10, 16)];
  return groups.map((group) => group.toString('hex')).join('-');
}
