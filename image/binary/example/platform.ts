/** What comes from Node itself: compression, languages, time zones, WebAssembly, and whether libraries are looked for. */
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

const webAssembly = Reflect.get(globalThis, 'WebAssembly') as { validate(bytes: Uint8Array): boolean };

const text = 'stands level on any ground. '.repeat(1000);

export function tryPlatform(): object {
  const zoneAtStart = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const hoursAtStart = new Date(0).getHours();
  process.env.TZ = 'Asia/Kathmandu';
  const kathmandu = new Date(0).toString();
  return {
    zlib: gunzipSync(gzipSync(text)).toString() === text,
    zstd: zstdDecompressSync(zstdCompressSync(text)).toString() === text,
    german: new Intl.NumberFormat('de-DE').format(1234567.5),
    sorted: ['z', 'ä', 'a'].sort(new Intl.Collator('sv').compare).join(''),
    zoneAtStart,
    hoursAtStart,
    kathmandu,
    wasm: webAssembly.validate(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])),
    otherAddon: refusalOf('/other.node'),
  };
}

function refusalOf(addon: string): string {
  try {
    process.dlopen({ exports: {} }, addon);
    return 'loaded';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
