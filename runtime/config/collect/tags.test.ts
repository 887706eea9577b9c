import fc from 'fast-check';
import t from 'tap';
import { mostAddresses } from '../schema.ts';
import { decodeTags, readTags, tagsSchema } from './tags.ts';

t.test('readTags takes addresses and names, and says what is none', async (t) => {
  t.same(
    readTags(
      { peers: ' 192.0.2.1,[2001:db8::1]:7000; a.example\n192.0.2.1', cluster: ' edge ', zone: 'b' },
      'here',
    ),
    {
      ...{
        place: 'here',
        peers: ['192.0.2.1', '[2001:db8::1]:7000', 'a.example'],
        cluster: 'edge',
        zone: 'b',
      },
      problems: [],
    },
  );
  const wrong = readTags(
    { peers: '192.0.2.1:0 b\u001b[31m good', cluster: 'Not A Name', zone: 'with space' },
    'here',
  );
  t.same(wrong, {
    ...{ place: 'here', peers: ['good'], cluster: null, zone: null },
    problems: [
      '"192.0.2.1:0" in trivet-peers is no address',
      '"b?[31m" in trivet-peers is no address',
      '"Not A Name" in trivet-cluster is no name',
    ],
  });
  const many = Array.from({ length: 100 }, (_, index) => `192.0.2.${index}`).join(',');
  t.match(readTags({ peers: many, cluster: '', zone: '' }, 'here'), {
    ...{ cluster: null, zone: null, problems: ['trivet-peers names more than 64 addresses'] },
    peers: { length: mostAddresses },
  });
});

t.test('readTags makes of anything what decodeTags reads', async () => {
  const maybe = fc.option(fc.string({ maxLength: 300 }));
  fc.assert(
    fc.property(maybe, maybe, maybe, (peers, cluster, zone) => {
      const tags = readTags({ peers, cluster, zone }, 'here');
      return tagsSchema.safeParse(decodeTags(JSON.stringify(tags))).success;
    }),
  );
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const tags = decodeTags(text);
      return tags === null || tagsSchema.safeParse(tags).success;
    }),
  );
});
