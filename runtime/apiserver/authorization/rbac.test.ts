import fc from 'fast-check';
import t from 'tap';
import type { Attributes } from './attributes.ts';
import { rbacAuthorizer, rulesFor } from './rbac.ts';
import { asks, asksPath, indexOf, makeBinding, makeRole, makeUser } from './testing/objects.ts';

const jane = makeUser('jane', ['dev', 'system:authenticated']);
const account = makeUser('system:serviceaccount:d:web', ['system:serviceaccounts']);

t.test('rbacAuthorizer holds rules against what is asked', async (t) => {
  const allows = (rule: string, asked: Attributes): boolean => {
    const index = indexOf(makeRole('', 'r', rule), makeBinding('', 'b', 'ClusterRole/r', 'User/jane'));
    return rbacAuthorizer(index)(asked).isAllowed;
  };
  const cases: readonly (readonly [boolean, string, Attributes])[] = [
    [true, 'get - pods', asks(jane, 'get -/pods d a')],
    [true, '* * *', asks(jane, 'impersonate -/users - x')],
    [true, '* * *', asks(jane, 'get apps/deployments/scale d a')],
    [false, 'get - pods', asks(jane, 'list -/pods d')],
    [false, 'get - pods', asks(jane, 'get apps/pods d a')],
    [false, 'get - pods', asks(jane, 'get -/pods/log d a')],
    [false, 'get - pods/log', asks(jane, 'get -/pods d a')],
    [true, 'get - pods/log', asks(jane, 'get -/pods/log d a')],
    [true, 'get * */scale', asks(jane, 'get apps/deployments/scale d a')],
    [false, 'get * */scale', asks(jane, 'get apps/deployments d a')],
    [false, 'get * pods/*', asks(jane, 'get -/pods/log d a')],
    [true, 'get - secrets a,b', asks(jane, 'get -/secrets d b')],
    [false, 'get - secrets a', asks(jane, 'get -/secrets d c')],
    [false, 'list - secrets a', asks(jane, 'list -/secrets d')],
    [false, 'get - pods', asksPath(jane, 'get', '/pods')],
    [true, 'get /healthz', asksPath(jane, 'get', '/healthz')],
    [false, 'get /healthz', asksPath(jane, 'get', '/healthz/a')],
    [true, 'get /healthz/*', asksPath(jane, 'get', '/healthz/a')],
    [false, 'get /healthz/*', asksPath(jane, 'get', '/healthz')],
    [false, 'get /a*b', asksPath(jane, 'get', '/axb')],
    [true, '* url*', asksPath(jane, 'post', '/anything')],
    [false, '* * *', asksPath(jane, 'get', '/metrics')],
  ];
  for (const [isAllowed, rule, asked] of cases) {
    t.equal(allows(rule, asked), isAllowed, `${rule} for ${asked.verb}`);
  }
});

t.test('rbacAuthorizer says by which binding', async (t) => {
  const index = indexOf(
    makeRole('', 'reader', 'get - pods'),
    makeRole('d', 'writer', 'update - pods'),
    makeBinding('', 'all', 'ClusterRole/reader', 'Group/dev'),
    makeBinding('d', 'some', 'Role/writer', 'User/x', 'ServiceAccount//web'),
    makeBinding('d', 'local', 'ClusterRole/reader', 'ServiceAccount/d/web'),
  );
  const decide = rbacAuthorizer(index);
  t.equal(
    decide(asks(jane, 'get -/pods e a')).reason,
    'RBAC: allowed by ClusterRoleBinding "all" of ClusterRole "reader" to Group "dev"',
  );
  t.equal(
    decide(asks(account, 'update -/pods d a')).reason,
    'RBAC: allowed by RoleBinding "some/d" of Role "writer" to ServiceAccount "web/d"',
  );
  t.ok(decide(asks(account, 'get -/pods d a')).isAllowed);
  t.notOk(decide(asks(account, 'get -/pods e a')).isAllowed, 'another namespace');
  t.notOk(decide(asks(account, 'get -/pods - a')).isAllowed, 'all namespaces');
  t.notOk(decide(asks(jane, 'update -/pods d a')).isAllowed);
});

t.test('rbacAuthorizer says which roles are missing, where nothing allows it', async (t) => {
  const index = indexOf(
    makeBinding('', 'a', 'ClusterRole/gone', 'User/jane'),
    makeBinding('d', 'b', 'Role/lost', 'User/jane'),
    makeBinding('d', 'c', 'Other/x', 'User/jane'),
  );
  const { isAllowed, reason } = rbacAuthorizer(index)(asks(jane, 'get -/pods d a'));
  t.notOk(isAllowed);
  t.equal(
    reason,
    'RBAC: [clusterrole.rbac.authorization.k8s.io "gone" not found, role.rbac.authorization.k8s.io "lost" not found, unsupported role reference kind: "Other"]',
  );
  index.put(makeRole('', 'gone', 'get - pods'));
  t.ok(rbacAuthorizer(index)(asks(jane, 'get -/pods d a')).isAllowed);
});

t.test('rbacAuthorizer follows changes of roles and bindings', async (t) => {
  const index = indexOf(
    makeRole('', 'r', 'get - pods'),
    makeBinding('', 'b', 'ClusterRole/r', 'User/jane', 'Group/ops'),
  );
  const isAllowed = (): boolean => rbacAuthorizer(index)(asks(jane, 'get -/pods d a')).isAllowed;
  t.ok(isAllowed());
  index.put(makeBinding('', 'b', 'ClusterRole/r', 'User/joe'));
  t.notOk(isAllowed(), 'another subject');
  index.put(makeBinding('', 'b', 'ClusterRole/r', 'Group/dev'));
  t.ok(isAllowed());
  index.put(makeRole('', 'r', 'get - nodes'));
  t.notOk(isAllowed(), 'another rule');
  index.put(makeRole('', 'r', 'get - pods'));
  index.remove('ClusterRoleBinding', '', 'b');
  t.notOk(isAllowed(), 'no binding');
  index.remove('ClusterRole', '', 'r');
  index.remove('ClusterRole', '', 'r');
  t.equal(index.rules('', 'r'), null);
});

t.test('createRbacIndex gives a user their own bindings out of ten thousand', async (t) => {
  const others = Array.from({ length: 10_000 }, (_, number) =>
    makeBinding(number % 2 === 0 ? '' : 'd', `b${number}`, 'ClusterRole/r', `User/u${number}`, 'Group/ops'),
  );
  const index = indexOf(...others, makeBinding('d', 'own', 'ClusterRole/r', 'Group/dev', 'User/jane'));
  t.same(index.bindings('', jane), []);
  t.same(
    index.bindings('d', jane).map(({ binding, subject }) => [binding.name, subject.kind]),
    [['own', 'Group']],
  );
});

t.test('createRbacIndex finds what looking at every binding finds', async (t) => {
  const names = fc.constantFrom(
    'User/jane',
    'User/joe',
    'Group/dev',
    'Group/ops',
    'ServiceAccount//web',
    'ServiceAccount/d/web',
    'ServiceAccount/e/web',
    'Other/jane',
  );
  const bindings = fc.array(
    fc.tuple(
      fc.constantFrom('', 'd', 'e'),
      fc.constantFrom('a', 'b', 'c'),
      fc.array(names, { maxLength: 3 }),
    ),
  );
  fc.assert(
    fc.property(bindings, (list) => {
      const index = indexOf(
        ...list.map(([namespace, name, subjects]) =>
          makeBinding(namespace, name, 'ClusterRole/r', ...subjects),
        ),
      );
      const last = new Map(list.map((one) => [`${one[0]}/${one[1]}`, one]));
      for (const [user, own] of [
        [jane, ['User/jane', 'Group/dev']],
        [account, ['ServiceAccount/d/web']],
      ] as const) {
        for (const namespace of ['', 'd', 'e']) {
          const found = index.bindings(namespace, user).map(({ binding }) => binding.name);
          const here = namespace === 'd' ? ['ServiceAccount//web'] : [];
          const mine: readonly string[] = user === account ? [...own, ...here] : own;
          const expected = [...last.values()]
            .filter(
              ([place, , subjects]) => place === namespace && subjects.some((one) => mine.includes(one)),
            )
            .map(([, name]) => name)
            .sort();
          t.same(found, expected);
        }
      }
    }),
  );
});

t.test('rulesFor gathers the rules of a user', async (t) => {
  const index = indexOf(
    makeRole('', 'r', 'get - pods'),
    makeBinding('', 'b', 'ClusterRole/r', 'User/jane'),
    makeBinding('d', 'b', 'Role/none', 'User/jane'),
  );
  const { rules, errors } = rulesFor(index, jane, 'd');
  t.same(
    rules.map(({ verbs, resources }) => [verbs, resources]),
    [[['get'], ['pods']]],
  );
  t.same(errors, ['role.rbac.authorization.k8s.io "none" not found']);
  t.same(rulesFor(index, makeUser('joe'), 'd'), { rules: [], errors: [] });
});
