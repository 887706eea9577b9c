import { generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import type { NodeId } from '../raft/types.ts';
import { formatBatchKey } from '../vouchers/batch-key.ts';
import { issueVoucher, parsePublicVoucher } from '../vouchers/voucher.ts';
import { judgeTicket, spendTicket } from './voucher-admission.ts';

const batch = generateKeyPairSync('ed25519').privateKey;
const voucher = parsePublicVoucher(
  issueVoucher(batch, { kind: 'device', batch: '0a1b2c3d', cluster: 'edge', name: 'pos-1', serial: null })
    .text,
)!;
const [self, another] = ['0'.repeat(16) as NodeId, 'f'.repeat(16) as NodeId];
const proof = { publicKey: '', voucher: '', signature: '' };
const entrant = { id: self, serial: null, proof };
const known = {
  ...{ clusterName: 'edge', keys: [formatBatchKey(batch)], record: null, revision: 0, usedByName: null },
};
const record = { id: voucher.id, name: 'pos-1', serial: null, usedBy: null, refused: false };

t.test('judgeTicket admits with a voucher that nobody has used, which is spent', async (t) => {
  const ticket = judgeTicket(entrant, voucher, known);
  t.match(ticket, { objection: null, refused: null, admits: true, use: { revision: 0 } });
  const { compare, success } = spendTicket(ticket, self);
  t.match(compare, [{ target: 'modifyRevision', is: 0 }]);
  t.same(JSON.parse(Buffer.from(success[0]!.value).toString()), { ...record, usedBy: self });
});

t.test('judgeTicket admits the node that has used it again, and no other', async (t) => {
  const used = (usedBy: NodeId) => ({ ...known, record: { ...record, usedBy }, revision: 7 });
  t.match(judgeTicket(entrant, voucher, used(self)), { objection: null, admits: true, use: null });
  const ticket = judgeTicket(entrant, voucher, { ...used(another), usedByName: 'edge-7' });
  t.match(ticket, { objection: /was used by edge-7 \(node f{16}\)/, admits: false, use: null });
  t.match(judgeTicket(entrant, voucher, used(another)), { objection: /was used by node f{16}/ });
  t.same(spendTicket(ticket, self), { compare: [], success: [] });
});

t.test('judgeTicket knows none, one that is not its own, a refused one, and another batch', async (t) => {
  t.match(judgeTicket({ ...entrant, proof: null }, null, known), {
    objection: /this machine has none/,
    use: null,
  });
  t.match(judgeTicket(entrant, null, known), { objection: /is not its own/, use: null });
  const refused = { ...known, record: { ...record, refused: true }, revision: 3 };
  t.match(judgeTicket(entrant, voucher, refused), { refused: voucher.id, admits: false, use: null });
  const foreign = { ...known, keys: [formatBatchKey(generateKeyPairSync('ed25519').privateKey)] };
  t.match(judgeTicket(entrant, voucher, foreign), { objection: /of another batch/, admits: false });
});

t.test(
  'judgeTicket asks nothing where no batch is trusted, and remembers a voucher all the same',
  async (t) => {
    const open = { ...known, keys: [] };
    t.same(judgeTicket({ ...entrant, proof: null }, null, open), {
      ...{ objection: null, refused: null, admits: false, use: null },
    });
    t.match(judgeTicket(entrant, voucher, open), { objection: null, admits: false, use: { revision: 0 } });
    const used = { ...open, record: { ...record, usedBy: another }, revision: 7 };
    t.match(judgeTicket(entrant, voucher, used), { objection: null, use: null });
    t.equal(judgeTicket(entrant, voucher, { ...open, clusterName: 'shop' }).use, null);
  },
);
