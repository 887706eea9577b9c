import t from 'tap';
import {
  decodeLive,
  decodePage,
  decodePageQuery,
  encodeLive,
  encodePage,
  encodePageQuery,
  pack,
  unpack,
} from './port-codec.ts';
import type { CorePage, LiveChanges } from './store-core.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const item = {
  key: bytes('k'),
  value: bytes('v'),
  createRevision: 1,
  modifyRevision: 2,
  version: 3,
  lease: 4,
};
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, member) =>
      member?.type === 'Buffer'
        ? Buffer.from(member.data).toString()
        : member instanceof Uint8Array
          ? Buffer.from(member).toString()
          : member,
    ),
  );

t.test('packets come back in their order, in a buffer of their own', async (t) => {
  const packets = [
    { id: 1, data: bytes('one') },
    { id: 2 ** 40, data: bytes('') },
  ];
  const packed = pack(packets);
  t.equal(packed.byteLength, packed.buffer.byteLength, 'nothing else is transferred with it');
  t.same(plain(unpack(packed)), plain(packets));
});

t.test('queries, pages and live changes come back as they were', async (t) => {
  for (const end of [undefined, bytes('z')]) {
    const query = {
      key: bytes('k'),
      end,
      revision: 7,
      mostItems: 9,
      keysOnly: true,
      serializable: false,
      count: true,
    };
    t.same(plain(decodePageQuery(encodePageQuery(query))), plain(query));
  }
  const pages: CorePage[] = [
    { kind: 'page', revision: 5, readAt: 4, items: [item, item], next: bytes('n'), count: 12 },
    { kind: 'page', revision: 5, readAt: 4, items: [], next: null },
    { kind: 'compacted', oldest: 8 },
    { kind: 'future', revision: 8 },
  ];
  for (const page of pages) t.same(plain(decodePage(encodePage(page))), plain(page));
  const live: LiveChanges = {
    ...{ since: 1, through: 3, gap: false },
    changes: [
      { ...item, type: 'put' },
      { ...item, type: 'delete', previous: null },
      { ...item, type: 'put', previous: item },
    ],
  };
  t.same(plain(decodeLive(encodeLive(live))), plain(live));
});
