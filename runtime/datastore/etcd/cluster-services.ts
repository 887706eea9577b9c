/**
 * etcd's Cluster and Auth services. Who belongs to the cluster, and who may do what, is not decided through this API:
 * the members are shown, and every request for a change is told so.
 */
import type { HeaderSource } from './header.ts';
import { codec } from './messages.ts';
import { fromHexId } from './numbers.ts';
import { type UnaryMethod, unary } from './rpc-server.ts';
import { GrpcError, grpcCode } from './status.ts';

const memberChanges = ['MemberAdd', 'MemberRemove', 'MemberUpdate', 'MemberPromote'];
const authMethods = [
  ...['AuthEnable', 'AuthDisable', 'AuthStatus', 'Authenticate'],
  ...[
    'UserAdd',
    'UserGet',
    'UserList',
    'UserDelete',
    'UserChangePassword',
    'UserGrantRole',
    'UserRevokeRole',
  ],
  ...['RoleAdd', 'RoleGet', 'RoleList', 'RoleDelete', 'RoleGrantPermission', 'RoleRevokePermission'],
];

export function clusterServices(headers: HeaderSource): readonly (readonly [string, UnaryMethod])[] {
  return [
    [
      'Cluster/MemberList',
      unary(codec('MemberListRequest'), codec('MemberListResponse'), async () => {
        const status = await headers.refresh();
        return {
          header: headers.header(status.revision),
          members: status.members.map((member) => ({
            id: fromHexId(member.id),
            name: member.name,
            peerUrls: [`https://${member.address}`],
            clientUrls: [],
            isLearner: member.learner,
          })),
        };
      }),
    ],
    ...memberChanges.map((name) =>
      refused(
        `Cluster/${name}`,
        'members come and go by themselves here; see `trivet status` and `trivet remove-node`',
      ),
    ),
    ...authMethods.map((name) =>
      refused(
        `Auth/${name}`,
        'there are no users here: who may open the socket, or has a certificate, may do everything',
      ),
    ),
  ];
}

export function refused(path: string, why: string): readonly [string, UnaryMethod] {
  const refuse = async (): Promise<never> => {
    throw new GrpcError(grpcCode.unimplemented, `etcdserver: ${why}`);
  };
  return [path, unary(codec('EmptyRequest'), codec('EmptyRequest'), refuse)];
}
