/** Wraps a script as u-boot's `source` and its boot flow take it: what `mkimage -T script` makes. */
import { crc32 } from 'node:zlib';
import { arm64, headerFields, headerSize, linux, magic, script, uncompressed } from './layout.ts';

/**
 * @param name up to 31 ASCII characters, shown by u-boot.
 * @param time seconds since 1970.
 */
export function encodeScript(text: string, name: string, time: number): Uint8Array {
  const content = Buffer.from(text, 'ascii');
  // A list of lengths that a zero ends, then the only script.
  const data = Buffer.alloc(8 + content.length);
  data.writeUInt32BE(content.length, 0);
  content.copy(data, 8);
  const header = Buffer.alloc(headerSize);
  const put = (field: keyof typeof headerFields, value: number): void => {
    const [offset, size] = headerFields[field];
    header.writeUIntBE(value, offset, size);
  };
  put('magic', magic);
  put('time', time);
  put('size', data.length);
  put('dataCrc', crc32(data));
  put('operatingSystem', linux);
  put('architecture', arm64);
  put('type', script);
  put('compression', uncompressed);
  const [nameOffset, nameSize] = headerFields.name;
  header.write(name, nameOffset, nameSize - 1, 'ascii');
  // Over the header with this field zero.
  put('headerCrc', crc32(header));
  return Buffer.concat([header, data]);
}
