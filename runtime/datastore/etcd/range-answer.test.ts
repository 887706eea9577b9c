import fc from 'fast-check';
import t from 'tap';
import type { KeyValue } from '../state-machine/model.ts';
import { keyValueFrom } from './from-model.ts';
import { codec } from './messages.ts';
import { encodeRangeAnswer } from './range-answer.ts';

const numbers = fc.oneof(
  fc.nat(300),
  fc.maxSafeNat(),
  fc.constantFrom(0, 127, 128, 2 ** 28, 2 ** 32, 2 ** 35),
);
const items: fc.Arbitrary<KeyValue> = fc.record({
  key: fc.uint8Array({ maxLength: 200 }),
  value: fc.uint8Array({ maxLength: 400 }),
  createRevision: numbers,
  modifyRevision: numbers,
  version: numbers,
  lease: fc.oneof(numbers, fc.constant(-1)),
});
const answers = fc.record({
  header: fc.record({ revision: numbers, raftTerm: numbers, clusterId: numbers, memberId: numbers }),
  items: fc.array(items, { maxLength: 20 }),
  more: fc.boolean(),
  count: numbers,
});

t.test('encodeRangeAnswer writes what the general encoder writes', async () => {
  fc.assert(
    fc.property(answers, (answer) => {
      const { header, more, count } = answer;
      const general = codec('RangeResponse').encodeFramed({
        header,
        kvs: answer.items.map(keyValueFrom),
        more,
        count,
      });
      return Buffer.from(general).equals(encodeRangeAnswer(answer));
    }),
    { numRuns: 2_000 },
  );
});
