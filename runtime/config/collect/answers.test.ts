import fc from 'fast-check';
import t from 'tap';
import { readAzureCompute, readNoCloudMetadata, readOpenStackMetadata } from './answers.ts';
import { cleanName, decodeCollected } from './collected.ts';
import { MetadataError } from './metadata-error.ts';
import { readTags, tagsSchema } from './tags.ts';

const noTags = { peers: null, cluster: null, zone: null };
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

t.test('the answers of platforms are read where they say something', async (t) => {
  t.same(readOpenStackMetadata(json({ uuid: 'u-1', name: 'one', more: {} })), {
    ...{ instanceId: 'u-1', hostname: 'one', tags: noTags },
  });
  t.same(readOpenStackMetadata(json({ uuid: 7, hostname: ['x'], meta: [], availability_zone: 1 })), {
    ...{ instanceId: null, hostname: null, tags: noTags },
  });
  t.match(readOpenStackMetadata(json({ meta: { 'trivet-peers': 'a', 'trivet-cluster': 1 } })), {
    tags: { ...noTags, peers: 'a' },
  });
  t.match(
    readAzureCompute(json({ tagsList: [{ name: 'Trivet-Peers', value: 'a' }], location: 'x', zone: '1' })),
    {
      tags: { peers: 'a', cluster: null, zone: 'x-1' },
    },
  );
  t.match(readAzureCompute(json({ tagsList: 'no list', zone: 7 })), { tags: noTags });
  t.same(readAzureCompute(json({ vmId: 'v', name: 'n', userData: 'I3Ryaf\nY=', osProfile: null })), {
    ...{ instanceId: 'v', hostname: 'n' },
    userData: Buffer.from('I3RyafY=', 'base64'),
    tags: noTags,
  });
  t.throws(() => readAzureCompute(json({ userData: '#trivet' })), /user data is not in base64/);
  t.throws(() => readAzureCompute(Buffer.from('<html>')), /is not the JSON that was expected/);
  const metadata = 'instance-id: i-7\nlocal-hostname: one\nnetwork-interfaces: |\n  auto eth0\n';
  t.same(readNoCloudMetadata(Buffer.from(metadata)), { instanceId: 'i-7', hostname: 'one' });
  for (const other of [null, Buffer.from(''), Buffer.from('- a'), Buffer.from('a: *b'), Buffer.from('{')])
    t.same(readNoCloudMetadata(other), { instanceId: null, hostname: null });
});

t.test('names of a platform are fit to be printed', async (t) => {
  t.equal(cleanName('one\n\x1b[31mtwo\u202e '), 'one [31mtwo');
  t.equal(cleanName(' \n'), null);
  t.equal(cleanName('x'.repeat(10_000))?.length, 128);
});

t.test('answers of any kind are refused in words, or read', async () => {
  const value = fc.oneof(
    fc.anything(),
    fc.record({
      uuid: fc.anything(),
      hostname: fc.anything(),
      vmId: fc.anything(),
      userData: fc.anything(),
      osProfile: fc.anything(),
      tagsList: fc.anything(),
      meta: fc.anything(),
      zone: fc.anything(),
    }),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        value.map((some) => Buffer.from(JSON.stringify(some) ?? '')),
      ),
      (bytes) => {
        readNoCloudMetadata(Buffer.from(bytes));
        decodeCollected(Buffer.from(bytes).toString('utf8'));
        for (const read of [readOpenStackMetadata, readAzureCompute]) {
          try {
            const { instanceId, hostname, tags } = read(bytes);
            if (tags !== null && !tagsSchema.safeParse(readTags(tags, 'tags')).success) return false;
            if (![instanceId, hostname].every((name) => name === null || /^[\x20-\x7e]{1,128}$/.test(name)))
              return false;
          } catch (error) {
            if (!(error instanceof MetadataError)) return false;
          }
        }
        return true;
      },
    ),
    { numRuns: 2_000 },
  );
});
