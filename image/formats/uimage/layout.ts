/** The header of u-boot's legacy image format, big endian (u-boot, include/image.h), and what a script's data begins with. */
export const headerFields = {
  magic: [0, 4],
  headerCrc: [4, 4],
  time: [8, 4],
  size: [12, 4],
  load: [16, 4],
  entry: [20, 4],
  dataCrc: [24, 4],
  operatingSystem: [28, 1],
  architecture: [29, 1],
  type: [30, 1],
  compression: [31, 1],
  name: [32, 32],
} as const satisfies Record<string, readonly [offset: number, size: number]>;

export const headerSize = 64;
export const magic = 0x27051956;
export const linux = 5;
export const arm64 = 22;
export const script = 6;
export const uncompressed = 0;
