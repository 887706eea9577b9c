/** etcd 3.5 from Debian with its own defaults. */
import { startEtcd } from '../datastore/testing/etcd-process.ts';
import type { Subject } from './subject.ts';

export async function startEtcdSubject(directory: string, size: number): Promise<Subject> {
  const cluster = await startEtcd(directory, size);
  return {
    name: 'etcd',
    members: cluster.members.map((member) => ({
      endpoint: member.endpoint.replace('http://', ''),
      pid: () => member.process()?.pid ?? null,
      start: () => member.start(),
    })),
    close: () => cluster.close(),
  };
}
