import t from 'tap';
import { readHeaders } from '../authentication/headers.ts';
import { type Impersonation, impersonate } from './impersonation.ts';
import { rbacAuthorizer } from './rbac.ts';
import { indexOf, makeBinding, makeRole, makeUser } from './testing/objects.ts';

const all = [
  'impersonate - users,groups,serviceaccounts',
  'impersonate authentication.k8s.io uids,userextras/acme.com/scope',
];

function ask(headers: readonly string[], rules: readonly string[] = all): Impersonation {
  const index = indexOf(makeRole('', 'r', ...rules), makeBinding('', 'b', 'ClusterRole/r', 'User/root'));
  return impersonate(makeUser('root'), readHeaders(headers), rbacAuthorizer(index));
}

t.test('impersonate makes the request another user’s', async (t) => {
  t.same(ask([]), { kind: 'none' });
  t.same(
    ask([
      ...['Impersonate-User', 'jane', 'Impersonate-Group', 'dev', 'impersonate-group', 'ops'],
      ...['Impersonate-Uid', '5', 'Impersonate-Extra-acme.com%2Fscope', 'x'],
    ]),
    {
      kind: 'user',
      user: {
        ...{ name: 'jane', uid: '5', groups: ['dev', 'ops', 'system:authenticated'] },
        extra: { 'acme.com/scope': ['x'] },
      },
    },
  );
  const groups = (...headers: readonly string[]): unknown => {
    const found = ask(headers);
    return found.kind === 'user' ? found.user.groups : found;
  };
  const account = ['Impersonate-User', 'system:serviceaccount:d:web'];
  t.same(groups(...account), ['system:serviceaccounts', 'system:serviceaccounts:d', 'system:authenticated']);
  t.same(groups(...account, 'Impersonate-Group', 'x'), ['x', 'system:authenticated']);
  t.same(groups('Impersonate-User', 'system:anonymous'), ['system:unauthenticated']);
  t.same(groups('Impersonate-User', 'a', 'Impersonate-Group', 'system:unauthenticated'), [
    'system:unauthenticated',
  ]);
});

t.test('impersonate asks for every part', async (t) => {
  const jane = ['Impersonate-User', 'jane'];
  for (const [headers, rules, message] of [
    [
      jane,
      [],
      'users "jane" is forbidden: User "root" cannot impersonate resource "users" in API group "" at the cluster scope',
    ],
    [jane, ['impersonate - users joe'], /users "jane" is forbidden/],
    [
      [...jane, 'Impersonate-Group', 'system:masters'],
      ['impersonate - users'],
      /^groups "system:masters" is forbidden/,
    ],
    [
      ['Impersonate-User', 'system:serviceaccount:d:web'],
      ['impersonate - users'],
      /cannot impersonate resource "serviceaccounts" in API group "" in the namespace "d"/,
    ],
    [
      [...jane, 'Impersonate-Uid', '5'],
      ['impersonate - users'],
      /^uids.authentication.k8s.io "5" is forbidden/,
    ],
    [
      [...jane, 'Impersonate-Extra-Scopes', 'x'],
      ['impersonate - users'],
      /resource "userextras\/scopes" in API group "authentication.k8s.io"/,
    ],
    [[...jane, 'Impersonate-Group', ''], ['impersonate - users'], /^groups is forbidden/],
  ] as const) {
    t.match(ask(headers, rules), { kind: 'refused', error: { message } });
  }
  for (const header of ['Impersonate-Group', 'Impersonate-Uid', 'Impersonate-Extra-a']) {
    t.match(ask([header, 'x']), { kind: 'refused', error: { reason: 'InternalError' } }, header);
  }
});
