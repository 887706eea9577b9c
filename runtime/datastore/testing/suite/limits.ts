/** Requests that are too large, or hold numbers out of reason, are refused; the store goes on. */
import type { Test } from 'tap';
import {
  largestRequestBytes,
  longestKeyBytes,
  mostOperations,
  type Operation,
} from '../../state-machine/model.ts';
import { bytes, codeOf, type Subject } from './subject.ts';

export function testLimits(t: Test, { store, key, all, put, get }: Subject): void {
  const padded = (length: number): Uint8Array => {
    const long = new Uint8Array(length).fill(0x78);
    long.set(key(''));
    return long;
  };
  const putOf = (at: Uint8Array, size: number): Operation => ({
    operation: 'put',
    key: at,
    value: new Uint8Array(size),
  });

  t.test('keys', async (t) => {
    t.equal(await codeOf(store.transact({ success: [putOf(padded(longestKeyBytes), 1)] })), 'no error');
    t.equal(await codeOf(store.transact({ success: [putOf(padded(longestKeyBytes + 1), 1)] })), 'invalid');
    t.equal(await codeOf(store.transact({ success: [putOf(bytes(''), 1)] })), 'invalid');
    t.equal(await codeOf(store.range({ key: bytes('') })), 'invalid');
    t.equal(await codeOf(store.range({ key: padded(longestKeyBytes + 1) })), 'invalid');
    t.equal(await codeOf(store.transact({ success: [{ operation: 'delete', key: bytes('') }] })), 'invalid');
    const compare = [{ key: bytes(''), target: 'version', is: 0 } as const];
    t.equal(await codeOf(store.transact({ compare, success: [] })), 'invalid');
  });

  t.test('values and whole requests', async (t) => {
    const room = largestRequestBytes - 4_096;
    t.equal(await codeOf(store.transact({ success: [putOf(key('large'), room)] })), 'no error');
    t.equal((await get('large'))!.value.length, room);
    t.equal(
      await codeOf(store.transact({ success: [putOf(key('large'), largestRequestBytes + 1)] })),
      'tooLarge',
    );
    const many = Array.from({ length: 100 }, (_, at) => putOf(key(`part${at}`), 20_000));
    t.equal(await codeOf(store.transact({ success: many })), 'tooLarge');
    const compare = Array.from({ length: 100 }, (_, at) => ({
      key: key(`part${at}`),
      target: 'value' as const,
      is: new Uint8Array(20_000),
    }));
    t.equal(await codeOf(store.transact({ compare, success: [] })), 'tooLarge', 'comparisons count');
    t.equal(await codeOf(store.transact({ success: [{ operation: 'delete', ...all }] })), 'no error');
  });

  t.test('operations', async (t) => {
    const puts = (count: number): Operation[] =>
      Array.from({ length: count }, (_, at) => putOf(key(`op${at}`), 1));
    t.equal(await codeOf(store.transact({ success: puts(mostOperations) })), 'no error');
    t.equal(await codeOf(store.transact({ success: puts(mostOperations + 1) })), 'invalid');
    t.equal(await codeOf(store.transact({ success: [], failure: puts(mostOperations + 1) })), 'invalid');
    const compare = Array.from(
      { length: mostOperations + 1 },
      () => ({ key: key('op'), target: 'version', is: 0 }) as const,
    );
    t.equal(await codeOf(store.transact({ compare, success: [] })), 'invalid');
    let deep: Operation = putOf(key('deep'), 1);
    for (let depth = 0; depth < 60; depth += 1) {
      deep = { operation: 'transaction', compare: [], success: [deep], failure: [] };
    }
    t.not(await codeOf(store.transact({ success: [deep, ...puts(mostOperations)] })), 'no error');
  });

  t.test('numbers', async (t) => {
    for (const number of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER + 1]) {
      t.equal(await codeOf(store.range({ ...all, limit: number })), 'invalid', `limit ${number}`);
      t.equal(await codeOf(store.range({ ...all, revision: number })), 'invalid', `revision ${number}`);
      t.equal(
        await codeOf(store.range({ ...all, leastModifyRevision: number })),
        'invalid',
        `filter ${number}`,
      );
      t.equal(await codeOf(store.compact(number)), 'invalid', `compaction ${number}`);
      const put: Operation = { operation: 'put', key: key('n'), value: bytes(''), lease: number };
      t.equal(await codeOf(store.transact({ success: [put] })), 'invalid', `lease ${number}`);
    }
    const huge = await store.range({ ...all, limit: Number.MAX_SAFE_INTEGER });
    t.equal(huge.more, false);
  });

  t.test('after all that the store works', async (t) => {
    await put('fine', 'yes');
    t.ok(await get('fine'));
  });
}
