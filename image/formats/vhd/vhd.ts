/** The footer that makes a raw disk a fixed VHD, and the size that Azure wants such a disk to have. */
import { encodeRecord } from '../struct.ts';
import * as layout from './layout.ts';

export interface VhdOptions {
  /** Whole mebibytes; see `vhdSize`. */
  readonly sizeBytes: number;
  /** In its usual text form. */
  readonly uuid: string;
  /** Seconds since 1970. */
  readonly date: number;
}

const mebibyte = 2 ** 20;
const secondsTo2000 = 946_684_800;

/** Azure takes disks of whole mebibytes only, not counting the footer. */
export function vhdSize(rawBytes: number): number {
  return Math.ceil(rawBytes / mebibyte) * mebibyte;
}

/** The last 512 bytes of the file. */
export function encodeFooter({ sizeBytes, uuid, date }: VhdOptions): Uint8Array {
  const record = {
    cookie: Buffer.from('conectix'),
    features: layout.features,
    version: 0x10000,
    dataOffset: 0xffffffffffffffffn,
    timestamp: date - secondsTo2000,
    // Readers take the size below as it is from Hyper-V's name, and from most others what the geometry says.
    creatorApplication: Buffer.from('win '),
    creatorVersion: 0xa0000,
    creatorHost: Buffer.from('Wi2k'),
    originalSize: BigInt(sizeBytes),
    currentSize: BigInt(sizeBytes),
    ...geometryOf(Math.floor(sizeBytes / 512)),
    diskType: layout.fixedDisk,
    checksum: 0,
    uuid: Buffer.from(uuid.replaceAll('-', ''), 'hex'),
    savedState: 0,
  };
  const draft = encodeRecord(layout.footer, layout.footerSize, record, true);
  const checksum = ~draft.reduce((sum, byte) => sum + byte, 0) >>> 0;
  return encodeRecord(layout.footer, layout.footerSize, { ...record, checksum }, true);
}

interface Geometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectorsPerTrack: number;
}

/** The specification's appendix "CHS Calculation". */
function geometryOf(totalSectors: number): Geometry {
  const sectors = Math.min(totalSectors, 65535 * 16 * 255);
  const shape = (sectorsPerTrack: number, heads: number): Geometry => ({
    cylinders: Math.floor(Math.floor(sectors / sectorsPerTrack) / heads),
    heads,
    sectorsPerTrack,
  });
  if (sectors >= 65535 * 16 * 63) return shape(255, 16);
  const heads = Math.max(4, Math.floor((Math.floor(sectors / 17) + 1023) / 1024));
  if (Math.floor(sectors / 17) < heads * 1024 && heads <= 16) return shape(17, heads);
  if (Math.floor(sectors / 31) < 16 * 1024) return shape(31, 16);
  return shape(63, 16);
}
