/**
 * A hostile machine on the link: `node flood.ts [ID…]` says over IPv4 and IPv6 as fast as it can that strangers, and the
 * members with these ids, are at places where nobody is, and sends bytes that mean nothing, until SIGTERM.
 */
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { encodeAnnouncement } from '../cluster/discovery/announcement.ts';
import { seededRandom } from '../raft/testing/seeded-random.ts';
import type { NodeId } from '../raft/types.ts';

const port = 5353;
const clusterName = 'faults';
const batch = 50;
const everyMilliseconds = 5;

const members = process.argv.slice(2);
const random = seededRandom(1);
const below = (limit: number): number => Math.floor(random() * limit);
const host = networkInterfaces().eth0?.find(({ family }) => family === 'IPv4')?.address ?? '0.0.0.0';

function lie(): Uint8Array {
  if (below(4) === 0) return Uint8Array.from({ length: below(1_400) }, () => below(256));
  const stranger = below(2 ** 32)
    .toString(16)
    .padStart(16, 'a');
  const id = (below(2) === 0 ? members[below(members.length)] : undefined) ?? stranger;
  return encodeAnnouncement(
    { id: id as NodeId, clusterName, port: 1 + below(65_535) },
    { ipv4: [], ipv6: [] },
  );
}

const v4 = createSocket({ type: 'udp4', reuseAddr: true });
const v6 = createSocket({ type: 'udp6', reuseAddr: true, ipv6Only: true });
let sent = 0;
v4.bind(port, '0.0.0.0', () => {
  v4.setMulticastInterface(host);
  v6.bind(port, '::', () => {
    v6.setMulticastInterface('::%eth0');
    const timer = setInterval(() => {
      for (let i = 0; i < batch; i += 1) {
        sent += 2;
        v4.send(lie(), port, '224.0.0.251', () => {});
        v6.send(lie(), port, 'ff02::fb', () => {});
      }
    }, everyMilliseconds);
    process.once('SIGTERM', () => {
      clearInterval(timer);
      v4.close();
      v6.close();
      process.stdout.write(`${sent} hostile packets\n`);
    });
  });
});
