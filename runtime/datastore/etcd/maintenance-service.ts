/** etcd's Maintenance service over a store: status, alarms, defragmentation, checksums, a copy of everything. */
import { createHash } from 'node:crypto';
import type { Alarm, Store } from '../store.ts';
import { refused } from './cluster-services.ts';
import { alarmActions, alarmNumbers } from './etcd-maintenance.ts';
import type { HeaderSource } from './header.ts';
import { codec, type Draft } from './messages.ts';
import { fromHexId, type Long, toNumber } from './numbers.ts';
import type { StreamCall, StreamMethod, UnaryMethod } from './rpc-server.ts';
import { unary } from './rpc-server.ts';
import { GrpcError, grpcCode } from './status.ts';

const snapshotResponses = codec('SnapshotResponse');
/**
 * The version of the API, not ours: clients decide by it what they may use (kube-apiserver asks for progress from
 * 3.5.8 on, for example).
 */
const apiVersion = '3.5.16';
const nobody: Long = { low: 0, high: 0, unsigned: true };

export function maintenanceService(
  store: Store,
  headers: HeaderSource,
): readonly (readonly [string, UnaryMethod | StreamMethod])[] {
  return [
    [
      'Maintenance/Status',
      unary(codec('EmptyRequest'), codec('StatusResponse'), () => describeStatus(headers)),
    ],
    [
      'Maintenance/Alarm',
      unary(codec('AlarmRequest'), codec('AlarmResponse'), async (request) => {
        if (request.action === alarmActions.activate) {
          throw new GrpcError(grpcCode.unimplemented, 'etcdserver: alarms are raised by the store itself');
        }
        if (request.action !== alarmActions.deactivate) return await describeAlarms(headers);
        const before = await describeAlarms(headers);
        const alarm = alarmOf(request.alarm);
        await store.disarm(alarm);
        const { header } = await describeAlarms(headers);
        return { header, alarms: (before.alarms ?? []).filter((item) => item.alarm === request.alarm) };
      }),
    ],
    [
      'Maintenance/Defragment',
      unary(codec('EmptyRequest'), codec('HeaderResponse'), async () => {
        await store.defragment();
        return { header: await headers.newest() };
      }),
    ],
    [
      'Maintenance/Hash',
      unary(codec('EmptyRequest'), codec('HashResponse'), async () => {
        const { hash, revision } = await store.hash(0);
        return { header: headers.header(revision), hash };
      }),
    ],
    [
      'Maintenance/HashKV',
      unary(codec('HashKvRequest'), codec('HashKvResponse'), async (request) => {
        const result = await store.hash(Math.max(0, toNumber(request.revision)));
        return {
          header: headers.header(result.revision),
          hash: result.hash,
          compactRevision: result.compactedRevision,
          hashRevision: result.revision,
        };
      }),
    ],
    ['Maintenance/Snapshot', { kind: 'stream', handle: (call) => sendSnapshot(store, headers, call) }],
    refused('Maintenance/MoveLeader', 'leadership moves by itself when the leader stops'),
    refused('Maintenance/Downgrade', 'versions change with the image; there is nothing to downgrade here'),
  ];
}

async function describeStatus(headers: HeaderSource): Promise<Draft<'StatusResponse'>> {
  const status = await headers.refresh();
  const alarms = status.alarms.map(
    ({ member, alarm }) =>
      `memberID:${BigInt(`0x${member}`)} alarm:${alarm === 'noSpace' ? 'NOSPACE' : 'CORRUPT'} `,
  );
  return {
    header: headers.header(status.revision),
    version: apiVersion,
    dbSize: status.sizeBytes,
    dbSizeInUse: status.sizeInUseBytes,
    leader: status.leader === null ? nobody : fromHexId(status.leader),
    raftIndex: status.raftIndex,
    raftAppliedIndex: status.appliedIndex,
    raftTerm: status.raftTerm,
    errors: status.leader === null ? ['etcdserver: no leader', ...alarms] : alarms,
    isLearner: status.learner,
  };
}

async function describeAlarms(headers: HeaderSource): Promise<Draft<'AlarmResponse'>> {
  const status = await headers.refresh();
  return {
    header: headers.header(status.revision),
    alarms: status.alarms.map(({ member, alarm }) => ({
      memberId: fromHexId(member),
      alarm: alarmNumbers[alarm],
    })),
  };
}

function alarmOf(number: number): Alarm {
  for (const [alarm, itsNumber] of Object.entries(alarmNumbers)) {
    if (itsNumber === number) return alarm as Alarm;
  }
  throw new GrpcError(grpcCode.invalidArgument, `etcdserver: there is no alarm ${number}`);
}

/** etcdctl takes what it saves for a copy only when it is whole sectors and then a SHA-256. */
const sectorBytes = 512;

async function sendSnapshot(store: Store, headers: HeaderSource, call: StreamCall): Promise<void> {
  for await (const _request of call.requests) break;
  const header = await headers.newest();
  const hash = createHash('sha256');
  let sentBytes = 0;
  const send = async (blob: Uint8Array, remainingBytes: number): Promise<void> => {
    if (call.gone.aborted) throw new GrpcError(grpcCode.cancelled, 'the client is gone');
    hash.update(blob);
    sentBytes += blob.length;
    await call.send(snapshotResponses.encodeFramed({ header, remainingBytes, blob }));
  };
  await store.snapshot(send);
  const missing = (sectorBytes - (sentBytes % sectorBytes)) % sectorBytes;
  if (missing > 0) await send(new Uint8Array(missing), 0);
  await call.send(snapshotResponses.encodeFramed({ header, remainingBytes: 0, blob: hash.digest() }));
}
