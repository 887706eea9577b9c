/** One look at the agent through its socket, for those who judge or note how the machine is. */
import { connectAdmin } from '../admin/client.ts';
import type { ClusterStatus, NodeInfo } from '../admin/protocol.ts';
import type { HealthLook } from './health.ts';

const patience = { timeoutMilliseconds: 5_000 };

/** Null while nobody answers. */
export async function askAgent(socket: string): Promise<HealthLook['agent']> {
  const client = await connectAdmin(socket).catch(() => null);
  if (client === null) return null;
  try {
    const info = (await client.request('node.info', {}, patience)) as NodeInfo;
    const { self, leader, nodes } = (await client.request('status', {}, patience)) as ClusterStatus;
    const voters = nodes.filter((node) => node.role === 'voter');
    return {
      uptimeSeconds: info.uptimeSeconds,
      state: self.state,
      seesLeader: leader !== null,
      votersOnline: voters.filter((node) => node.online).length,
      voters: voters.length,
    };
  } catch {
    return null;
  } finally {
    client.close();
  }
}
