/** A program for tests that never runs. */

/** The smallest executable that has what adding sections looks at: one section, room for two more headers. */
export function smallExecutable(change: (view: DataView) => void = () => {}): Uint8Array {
  const bytes = new Uint8Array(1024);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from('MZ'));
  view.setUint32(0x3c, 64, true);
  bytes.set(Buffer.from('PE\0\0'), 64);
  view.setUint16(64 + 6, 1, true);
  view.setUint16(64 + 20, 240, true);
  const optional = 64 + 24;
  view.setUint16(optional, 0x20b, true);
  view.setUint32(optional + 32, 4096, true);
  view.setUint32(optional + 36, 512, true);
  view.setUint32(optional + 56, 8192, true);
  view.setUint32(optional + 60, 512, true);
  view.setUint32(optional + 64, 0xdeadbeef, true);
  const section = optional + 240;
  bytes.set(Buffer.from('.text'), section);
  view.setUint32(section + 8, 100, true);
  view.setUint32(section + 12, 4096, true);
  view.setUint32(section + 16, 512, true);
  view.setUint32(section + 20, 512, true);
  change(view);
  return bytes;
}
