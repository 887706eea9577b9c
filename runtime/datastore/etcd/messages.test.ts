import fc from 'fast-check';
import t from 'tap';
import { codec } from './messages.ts';
import { fromHexId, toHexId, toLeaseId, toNumber } from './numbers.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

t.test('codec writes the bytes that etcd writes', async (t) => {
  // Taken from etcdctl's requests: put a 1 with lease 7, and a comparison of a version with zero.
  const put = codec('PutRequest').encode({ key: bytes('a'), value: bytes('1'), lease: 7 });
  t.equal(hex(put), '0a01611201311807');
  const compare = codec('Compare').encode({ key: bytes('k'), target: 0, version: 0 });
  t.equal(hex(compare), '1a016b2000', 'a member of a oneof is written though it is zero');
  const end = codec('Compare').encode({ rangeEnd: bytes('z') });
  t.equal(hex(end), '8204017a');
});

t.test('codec frames a message for gRPC', async (t) => {
  const framed = codec('PutRequest').encodeFramed({ key: bytes('a') });
  t.equal(hex(framed), '00000000030a0161');
  t.equal(hex(codec('EmptyRequest').encodeFramed({})), '0000000000');
});

t.test('codec reads what it wrote', async (t) => {
  const request = codec('TxnRequest');
  const decoded = request.decode(
    request.encode({
      compare: [{ key: bytes('k'), target: 3, value: new Uint8Array(0) }],
      success: [{ requestTxn: { success: [{ requestRange: { key: bytes('k'), limit: 5 } }] } }],
    }),
  );
  t.equal(decoded.compare[0]?.value?.length, 0);
  const nested = decoded.success[0]?.requestTxn?.success[0]?.requestRange;
  t.equal(toNumber(nested!.limit), 5);
  t.equal(decoded.success[0]?.requestPut, null);
});

t.test('decode refuses garbage and endless nesting', async (t) => {
  t.throws(() => codec('TxnRequest').decode(Buffer.from('0aff', 'hex')));
  let deep: Buffer = Buffer.alloc(0);
  const wrap = (inner: Buffer, field: number): Buffer => {
    const length: number[] = [];
    for (let rest = inner.length; ; rest >>>= 7) {
      if (rest < 128) {
        length.push(rest);
        break;
      }
      length.push((rest & 127) | 128);
    }
    return Buffer.concat([Buffer.from([field * 8 + 2, ...length]), inner]);
  };
  for (let depth = 0; depth < 5_000; depth += 1) deep = wrap(wrap(deep, 4), 2);
  t.throws(() => codec('TxnRequest').decode(deep), /depth|recursion/i);
});

t.test('ids are exact, other numbers are cut', async (t) => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (id) => {
      const text = id.toString(16).padStart(16, '0');
      const message = codec('Member').decode(codec('Member').encode({ id: fromHexId(text) }));
      return toHexId(message.id) === text;
    }),
  );
  fc.assert(
    fc.property(fc.maxSafeInteger(), (number) => {
      const message = codec('RangeRequest').decode(codec('RangeRequest').encode({ revision: number }));
      return toNumber(message.revision) === number;
    }),
  );
  const beyond = { low: 0, high: 0x200000, unsigned: false };
  t.equal(toNumber(beyond), Number.MAX_SAFE_INTEGER);
  t.equal(toNumber({ low: 0, high: -0x80000000, unsigned: false }), -Number.MAX_SAFE_INTEGER);
  t.equal(toLeaseId(beyond), null);
  t.equal(toLeaseId({ low: -1, high: -1, unsigned: false }), null);
  t.equal(toLeaseId({ low: -1, high: 0x1fffff, unsigned: false }), Number.MAX_SAFE_INTEGER);
  t.throws(() => fromHexId('12'), /16 hexadecimal digits/);
});
