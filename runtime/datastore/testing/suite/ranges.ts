/** Reads: one key, ranges, limits, sorting, filters, counts, past revisions. */
import type { Test } from 'tap';
import { everyKeyEnd, type RangeQuery } from '../../state-machine/model.ts';
import { bytes, codeOf, errorOf, type Subject, text } from './subject.ts';

export function testRanges(t: Test, { store, key, name, all, put, remove, get }: Subject): void {
  const names = async (query: Partial<RangeQuery>): Promise<string> => {
    const { items } = await store.range({ ...all, ...query });
    return items.map((item) => name(item.key)).join(' ');
  };
  let beforeAll = 0;

  t.test('a key has its revisions and its version', async (t) => {
    const first = await put('life', '1');
    beforeAll = first - 1;
    const second = await put('life', '2');
    t.equal(second, first + 1, 'each write has the next revision');
    const item = await get('life');
    t.equal(text(item!.value), '2');
    t.same([item!.createRevision, item!.modifyRevision, item!.version, item!.lease], [first, second, 2, 0]);
    await remove('life');
    t.equal(await get('life'), undefined);
    const again = await put('life', '3');
    const reborn = await get('life');
    t.same([reborn!.createRevision, reborn!.version], [again, 1], 'a key that comes back begins anew');
    t.equal(text((await get('life', first))!.value), '1', 'the past can be read');
    t.equal((await get('life', again - 1)) ?? null, null, 'so can absence');
    await remove('life');
  });

  t.test('a range is half open, sorted by key, and may be limited', async (t) => {
    for (const [item, value] of [
      ['c', '3'],
      ['a', '9'],
      ['b', '1'],
      ['d', '2'],
    ] as const)
      await put(item, value);
    await put('a', '8');
    t.equal(await names({}), 'a b c d');
    t.equal(await names({ key: key('b'), end: key('d') }), 'b c');
    t.equal(await names({ key: key('d'), end: key('b') }), '', 'a range that ends before it begins is empty');
    t.equal(await names({ key: key('b'), end: key('b') }), '');
    t.equal(await names({ key: key('bb'), end: undefined }), '');
    const limited = await store.range({ ...all, limit: 3 });
    t.same([limited.items.length, limited.more, limited.count], [3, true, 4]);
    const exact = await store.range({ ...all, limit: 4 });
    t.same([exact.items.length, exact.more], [4, false]);
    const open = await store.range({ key: key('c'), end: everyKeyEnd, limit: 2 });
    t.equal(open.items.map((item) => name(item.key)).join(' '), 'c d', 'a range may have no end');
  });

  t.test('a range can be sorted by anything', async (t) => {
    const sorted = (by: NonNullable<RangeQuery['sort']>['by'], descending: boolean): Promise<string> =>
      names({ sort: { by, descending } });
    t.equal(await sorted('key', true), 'd c b a');
    t.equal(await sorted('value', false), 'b d c a');
    t.equal(await sorted('value', true), 'a c d b');
    t.equal(await sorted('createRevision', false), 'c a b d');
    t.equal(await sorted('modifyRevision', false), 'c b d a');
    t.match(await sorted('version', true), /^a /);
    t.equal(
      await names({ sort: { by: 'value', descending: false }, limit: 2 }),
      'b d',
      'sorted, then limited',
    );
  });

  t.test('keys, counts and filters', async (t) => {
    const keys = await store.range({ ...all, keysOnly: true });
    t.equal(keys.items.length, 4);
    t.ok(keys.items.every((item) => item.value.length === 0));
    const count = await store.range({ ...all, countOnly: true });
    t.same([count.items.length, count.count, count.more], [0, 4, false]);
    const [b, d] = [(await get('b'))!, (await get('d'))!];
    t.equal(await names({ leastModifyRevision: d.modifyRevision }), 'a d');
    t.equal(await names({ mostModifyRevision: b.modifyRevision }), 'b c');
    t.equal(await names({ leastCreateRevision: b.createRevision }), 'b d');
    t.equal(await names({ mostCreateRevision: b.createRevision }), 'a b c');
    const filtered = await store.range({ ...all, leastModifyRevision: d.modifyRevision, limit: 1 });
    t.same([filtered.items.length, filtered.count], [1, 4], 'the count knows no filter');
  });

  t.test('a past revision is whole', async (t) => {
    const { revision } = await store.range(all);
    const [a] = (await store.range({ key: key('a') })).items;
    await remove('b');
    await put('e', '5');
    t.equal(await names({ revision }), 'a b c d');
    t.equal(
      await names({ revision: a!.modifyRevision - 1, sort: { by: 'value', descending: true } }),
      'a c d b',
    );
    t.equal(await names({}), 'a c d e');
    const past = await store.range({ ...all, revision });
    t.equal(past.revision, revision + 2, 'the answer names the newest revision');
    t.equal(
      await names({ revision: beforeAll === 0 ? revision : beforeAll }),
      beforeAll === 0 ? 'a b c d' : '',
    );
  });

  t.test('a revision of the future is refused', async (t) => {
    const { revision } = await store.range(all);
    const error = await errorOf(store.range({ ...all, revision: revision + 1 }));
    t.equal(error?.code, 'future');
    t.equal(error?.revision, revision, 'the error names the newest');
    t.equal(await codeOf(store.range({ ...all, revision: Number.MAX_SAFE_INTEGER })), 'future');
  });

  t.test('a serializable read sees what this node has', async (t) => {
    await put('s', 'x');
    const read = await store.range({ key: key('s') }, { serializable: true });
    t.ok(read.items.length <= 1);
    t.ok(read.revision > 0);
  });

  t.test('keys and values may hold any bytes', async (t) => {
    const every = Uint8Array.from({ length: 256 }, (_, index) => index);
    const odd = Buffer.concat([key(''), every]);
    await store.transact({ success: [{ operation: 'put', key: odd, value: every }] });
    const [item] = (await store.range({ key: odd })).items;
    t.ok(Buffer.from(odd).equals(item!.key));
    t.ok(Buffer.from(every).equals(item!.value));
    await store.transact({ success: [{ operation: 'put', key: odd, value: bytes('') }] });
    t.equal((await store.range({ key: odd })).items[0]!.value.length, 0);
  });
}
