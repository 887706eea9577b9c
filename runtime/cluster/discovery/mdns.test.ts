import t from 'tap';
import { readAnnouncement } from './mdns.ts';

const name = '00112233aabbccdd._trivet._tcp.local';
const srv = { name, type: 'SRV', data: { port: 7443, target: 'x.local' } };
const txt = { name, type: 'TXT', data: [Buffer.from('id=00112233aabbccdd'), Buffer.from('cluster=shop')] };

t.test('readAnnouncement reads id, cluster and port', async (t) => {
  t.same(readAnnouncement([srv, txt]), { id: '00112233aabbccdd', clusterName: 'shop', port: 7443 });
});

t.test('readAnnouncement takes nothing from what is not ours or makes no sense', async (t) => {
  t.equal(readAnnouncement([]), null);
  t.equal(readAnnouncement([srv]), null);
  t.equal(readAnnouncement([{ ...srv, name: 'printer._ipp._tcp.local' }, txt]), null);
  t.equal(readAnnouncement([{ ...srv, data: { port: 70000 } }, txt]), null);
  t.equal(readAnnouncement([srv, { ...txt, data: ['id=../../etc', 'cluster=shop'] }]), null);
});
