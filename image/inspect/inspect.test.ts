import path from 'node:path';
import t from 'tap';
import { openCache } from '../cache/cache.ts';
import { encodeTable } from '../formats/gpt/gpt.ts';
import { inspectFiles, inspectImage } from './inspect.ts';

const partition = {
  type: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
  guid: '11111111-2222-4333-8444-555555555501',
};
const image = (...names: string[]): Buffer => {
  const partitions = names.map((name, index) => ({
    ...partition,
    name,
    firstLba: 2048 * (index + 1),
    sectors: 2048,
  }));
  return Buffer.from(encodeTable({ diskGuid: partition.guid, partitions }, 16384).primary);
};

t.test('inspectImage shows the partitions of an image without a lock file', async (t) => {
  const file = path.join(t.testdir({ 'a.raw': image('esp', 'root-a') }), 'a.raw');
  const inspection = await inspectImage(file, openCache({ XDG_CACHE_HOME: t.testdirName }));
  t.same(
    inspection.partitions.map(({ name, offsetBytes, sizeBytes }) => [name, offsetBytes, sizeBytes]),
    [
      ['esp', 2 ** 20, 2 ** 20],
      ['root-a', 2 ** 21, 2 ** 20],
    ],
  );
  t.equal(inspection.packages, null);
});

t.test('inspectImage says why a file is no image', async (t) => {
  const directory = t.testdir({ text: 'hello', other: image('esp'), zeros: Buffer.alloc(40_000) });
  for (const [name, message] of [
    ['absent', /absent is no image: there is no such file\./],
    ['text', /text is no image: it is too short for a partition table\./],
    ['zeros', /zeros is no image: it has no GUID partition table\./],
    ['other', /other is no image of Trivet/],
  ] as const) {
    const file = path.join(directory, name);
    await t.rejects(inspectImage(file, openCache({})), { code: 'not-an-image', message });
  }
});

t.test(
  'inspectFiles shows what the build wrote beside the image, and says when it is not there',
  async (t) => {
    const record = { path: '/a', type: 'file', mode: '0644', sizeBytes: 1, origin: { kind: 'recipe' } };
    const directory = t.testdir({
      'a.raw': image('esp', 'root-a'),
      'a.files.json': JSON.stringify([record]),
      'b.raw': image('esp', 'root-a'),
      'c.raw': image('esp', 'root-a'),
      'c.files.json': '[',
    });
    const cache = openCache({ XDG_CACHE_HOME: path.join(directory, 'cache') });
    t.same(await inspectFiles(path.join(directory, 'a.raw'), cache), [record]);
    await t.rejects(inspectFiles(path.join(directory, 'b.raw'), cache), {
      message: /There is no .*b\.files\.json/,
    });
    await t.rejects(inspectFiles(path.join(directory, 'c.raw'), cache), {
      message: /c\.files\.json is damaged/,
    });
  },
);
