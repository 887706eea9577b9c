/** Images onto files: whole, mapped, compressed, from pipes, damaged; and onto devices that fail. */
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { smallDisk } from '../disk/testing/small-disk.ts';
import { checkImage } from './check-image.ts';
import { type FlashOptions, type FlashResult, flashImage } from './flash.ts';
import { type ImageSource, openImage } from './image-source.ts';
import { openTarget, type TargetHandle, targetOn } from './target.ts';

const mebibyte = 2 ** 20;
const never = new AbortController().signal;

interface Setting {
  readonly raw: string;
  readonly map: string;
  /** A file of 80 MiB that is full of old things. */
  readonly card: string;
  readonly image: Buffer;
}

const cardBytes = 80 * mebibyte;

async function setting(t: Test): Promise<Setting> {
  const directory = t.testdir();
  const { raw, map } = await smallDisk(directory);
  const card = path.join(directory, 'card');
  writeFileSync(card, Buffer.alloc(cardBytes, 0xee));
  return { raw, map, card, image: readFileSync(raw) };
}

/** As the command does it, without its questions. */
async function flash(
  image: string | ImageSource,
  card: string,
  more: Partial<FlashOptions> = {},
): Promise<FlashResult> {
  const source = typeof image === 'string' ? await openImage(image) : image;
  const checked = source.file === null ? null : await checkImage(source, source.file, never, () => {});
  return flashImage({
    ...{ source, map: checked?.map ?? null, config: null, targetPath: card, signal: never },
    openTarget: () => openTarget({ path: card, diskBytes: null, createBytes: null }),
    onProgress: () => {},
    ...more,
  });
}

/** Behind the image: zeros where old things could come back to life, and untouched beyond. */
function checkRest(t: Test, card: Buffer, imageBytes: number): void {
  t.ok(
    card.subarray(imageBytes, imageBytes + 16 * mebibyte).equals(Buffer.alloc(16 * mebibyte)),
    'head of the room',
  );
  t.ok(card.subarray(-mebibyte).equals(Buffer.alloc(mebibyte)), 'old backup table');
  const between = card.subarray(imageBytes + 16 * mebibyte, -mebibyte);
  t.ok(between.length > 0 && between.every((byte) => byte === 0xee), 'all else stays');
}

t.test('flashImage without a map makes the card equal to the image', async (t) => {
  const { raw, map, card, image } = await setting(t);
  writeFileSync(`${raw}.zst`, zstdCompressSync(image));
  truncateSync(map, 0);
  for (const file of [raw, `${raw}.zst`]) {
    writeFileSync(card, Buffer.alloc(cardBytes, 0xee));
    const result = await flash({ ...(await openImage(file)), file: null }, card);
    t.equal(result.comparedBytes, image.length + 17 * mebibyte);
    t.ok(result.isReadFromMedium);
    const written = readFileSync(card);
    t.ok(written.subarray(0, image.length).equals(image), path.basename(file));
    checkRest(t, written, image.length);
  }
  const again = await flash({ ...(await openImage(raw)), file: null }, card);
  t.ok(again.writtenBytes < 2 * mebibyte, 'zeros that are there are not written again');
});

t.test('flashImage with a map writes what it names, which is less', async (t) => {
  const { raw, card, image } = await setting(t);
  const result = await flash(raw, card);
  t.ok(result.comparedBytes < 9 * mebibyte + 17 * mebibyte, 'not the whole image');
  const written = readFileSync(card);
  t.ok(
    written.subarray(35 * mebibyte, 38 * mebibyte).equals(image.subarray(35 * mebibyte, 38 * mebibyte)),
    'the root',
  );
  t.ok(
    written.subarray(38 * mebibyte, 43 * mebibyte).every((byte) => byte === 0xee),
    'the rest of its slot stays',
  );
  checkRest(t, written, image.length);
});

t.test('checkImage refuses what is cut short or changed, before anything is opened', async (t) => {
  const { raw, map, image } = await setting(t);
  const refused = async (content: Uint8Array, message: RegExp, name = 'bad.raw'): Promise<void> => {
    const file = path.join(path.dirname(raw), name);
    writeFileSync(file, content);
    const source = await openImage(file);
    await t.rejects(
      checkImage(source, file, never, () => {}),
      { message },
      String(message),
    );
  };
  // With checksums, as the builder compresses.
  const compressed = zstdCompressSync(image, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  await refused(image.subarray(0, 20 * mebibyte), /was cut short: it has 20971520 of \d+ bytes/);
  await refused(Buffer.concat([image, Buffer.alloc(512)]), /none that trivet build made/);
  await refused(
    compressed.subarray(0, compressed.length - 1000),
    /is damaged or was cut short/,
    'bad.raw.zst',
  );
  const broken = Buffer.from(compressed);
  broken[broken.length >> 1]! ^= 0x55;
  await refused(broken, /damaged|not what/, 'bad.raw.zst');
  await refused(Buffer.alloc(0), /no disk image: it is too short/);
  await refused(Buffer.alloc(mebibyte), /no GUID partition table/);
  await refused(Buffer.from('1f8b0800', 'hex'), /is a gzip file.*gunzip/);
  const changed = Buffer.from(image);
  changed[36 * mebibyte]! ^= 1;
  writeFileSync(path.join(path.dirname(raw), 'bad.raw.bmap'), readFileSync(map));
  await refused(changed, /not what its block map says, between bytes 36700160 and/);
  writeFileSync(path.join(path.dirname(raw), 'bad.raw.bmap'), 'rubbish');
  await refused(image, /block map .* cannot be used: it is no block map/);
  writeFileSync(path.join(path.dirname(raw), 'SHA256SUMS'), `${'00'.repeat(32)}  bad.raw\n`);
  await refused(image, /not what SHA256SUMS beside it says/);
});

t.test('flashImage says from a pipe what it cannot know before, and leaves no table then', async (t) => {
  const { raw, card, image } = await setting(t);
  const half = path.join(path.dirname(raw), 'half');
  writeFileSync(half, image.subarray(0, 40 * mebibyte));
  const source = { ...(await openImage(half)), file: null };
  await t.rejects(flash(source, card), {
    code: 'damaged-input',
    message: /cut short[\s\S]*incomplete and does not boot/,
  });
  t.ok(readFileSync(card).subarray(0, mebibyte).equals(Buffer.alloc(mebibyte)), 'nothing that could start');
});

t.test('flashImage writes nothing to a device that is too small', async (t) => {
  const { raw, card, image } = await setting(t);
  truncateSync(card, image.length - 512);
  const before = readFileSync(card);
  await t.rejects(flash(raw, card), {
    code: 'device',
    message: /is too small: it has \d+ MiB and the image needs \d+ MiB\. Nothing was written/,
  });
  t.ok(readFileSync(card).equals(before));
});

/** A device that does what `fail` says. */
async function failing(
  card: string,
  fail: Partial<Record<'read' | 'write' | 'datasync', (call: number) => Error | null>>,
): Promise<Partial<FlashOptions>> {
  const handle: FileHandle = await open(card, 'r+');
  const calls = { read: 0, write: 0, datasync: 0 };
  const guard = (name: keyof typeof calls): void => {
    calls[name] += 1;
    const error = fail[name]?.(calls[name]);
    if (error) throw error;
  };
  const broken = {
    read: async (buffer: Uint8Array, ...rest: [number, number, number]) => {
      guard('read');
      return handle.read(buffer, ...rest);
    },
    write: async (buffer: Uint8Array, ...rest: [number, number, number]) => {
      guard('write');
      return handle.write(buffer, ...rest);
    },
    datasync: async () => {
      guard('datasync');
      return handle.datasync();
    },
    close: () => handle.close(),
  } as unknown as TargetHandle;
  return {
    openTarget: async () => targetOn(broken, { path: card, sizeBytes: statSync(card).size, isBlank: false }),
  };
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as the kernel says it`), { code });
}

t.test('flashImage says what happened to a device that goes away or fails', async (t) => {
  const { raw, card } = await setting(t);
  const atCall = (wanted: number, code: string) => (call: number) =>
    call === wanted ? systemError(code) : null;
  for (const [fail, message] of [
    [{ write: atCall(30, 'ENODEV') }, /card has gone while writing at [\d.]+ MiB: it was pulled out/],
    [{ write: atCall(30, 'EIO') }, /card failed while writing at [\d.]+ MiB \(EIO\)/],
    [
      { datasync: atCall(2, 'EIO') },
      /failed while writing \(EIO\): it was pulled out, has a bad contact, or is worn/,
    ],
    [{ read: atCall(5, 'ENXIO') }, /has gone while reading at/],
    [{ write: atCall(2, 'ENOSPC') }, /no room for/],
  ] as const) {
    const error = await flash(raw, card, await failing(card, fail)).catch((reason: Error) => reason);
    t.match(error, { code: 'device', message });
    t.match(error, { message: /\n.*card is incomplete and does not boot: flash it again\.$/ });
  }
});

t.test('flashImage finds a card that loses what was written', async (t) => {
  const { raw, card, image } = await setting(t);
  const handle = await open(card, 'r+');
  // A fake of half the size that it claims: what lies beyond lands somewhere else.
  const fake = {
    read: (buffer: Uint8Array, offset: number, length: number, at: number) =>
      handle.read(buffer, offset, length, at),
    write: async (buffer: Uint8Array, offset: number, length: number, at: number) => {
      if (at < 36 * mebibyte || at >= image.length) return handle.write(buffer, offset, length, at);
      return { bytesWritten: length, buffer };
    },
    datasync: () => handle.datasync(),
    close: () => handle.close(),
  } as unknown as TargetHandle;
  await t.rejects(
    flash(raw, card, {
      openTarget: async () => targetOn(fake, { path: card, sizeBytes: cardBytes, isBlank: false }),
    }),
    { code: 'device', message: /does not give back what was written between 3\d\.\d and 3\d\.\d MiB/ },
  );
});

t.test('flashImage stops when told to, and says in what state the card is', async (t) => {
  const { raw, card, image } = await setting(t);
  const stop = new AbortController();
  const onProgress: FlashOptions['onProgress'] = (_, done) =>
    done > 20 * mebibyte ? stop.abort() : undefined;
  await t.rejects(flash(raw, card, { signal: stop.signal, onProgress }), {
    ...{ code: 'interrupted', exitCode: 130 },
    message: /^Stopped\. .*card is incomplete and does not boot/,
  });
  t.notOk(readFileSync(card).subarray(0, 4096).equals(image.subarray(0, 4096)), 'no partition table yet');
  const stopped = new AbortController();
  stopped.abort();
  const before = readFileSync(card);
  await t.rejects(flash(raw, card, { signal: stopped.signal }), {
    message: /^Stopped\. Nothing was written/,
  });
  t.ok(readFileSync(card).equals(before));
});

t.test('openTarget makes a new file of the size of the image, and takes it away when it fails', async (t) => {
  const { raw, card, image } = await setting(t);
  const fresh = path.join(path.dirname(card), 'fresh');
  const create: Partial<FlashOptions> = {
    targetPath: fresh,
    openTarget: (size) => openTarget({ path: fresh, diskBytes: null, createBytes: size }),
  };
  const result = await flash({ ...(await openImage(raw)), file: null }, fresh, create);
  t.ok(readFileSync(fresh).equals(image));
  t.ok(result.writtenBytes < 2 * mebibyte, 'no zeros into a new file');
  await t.rejects(flash(raw, fresh, create), { message: /There is a file .*fresh already/ });
  const half = path.join(path.dirname(raw), 'half');
  writeFileSync(half, image.subarray(0, 40 * mebibyte));
  const other = path.join(path.dirname(card), 'other');
  const source = { ...(await openImage(half)), file: null };
  await t.rejects(
    flash(source, other, {
      ...create,
      openTarget: (size) => openTarget({ path: other, diskBytes: null, createBytes: size }),
    }),
    { message: /was removed\.$/ },
  );
  t.throws(() => statSync(other), { code: 'ENOENT' });
});

t.test('openImage says what is wrong with a name', async (t) => {
  await t.rejects(openImage('/nonexistent/image.raw'), { message: /there is no such file/ });
  await t.rejects(openImage(t.testdir()), { message: /is no file/ });
});
