import fc from 'fast-check';
import t from 'tap';
import type { UserInfo } from '../authentication/user.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { missingRules } from './covers.ts';
import { checkEscalation } from './escalation.ts';
import { allows, rulesOf } from './policy-rule.ts';
import { rbacAuthorizer } from './rbac.ts';
import { asks, asksPath, indexOf, makeBinding, makeRole, makeUser } from './testing/objects.ts';

const jane = makeUser('jane', ['dev']);

/** What the server says to jane, who has the rules, in the namespace d. */
function judge(
  rules: readonly string[],
  next: ApiObject,
  old: ApiObject | null = null,
  user: UserInfo = jane,
): string | null {
  const reader = indexOf(
    makeRole('', 'of-jane', ...rules),
    makeBinding('', 'of-jane', 'ClusterRole/of-jane', 'User/jane'),
    makeRole('', 'big', 'get,list - secrets'),
    makeRole('d', 'small', 'get - pods'),
  );
  const context = { user, reader, authorizer: rbacAuthorizer(reader) };
  return checkEscalation(context, next.metadata.namespace ?? '', next, old)?.message ?? null;
}

t.test('checkEscalation lets nobody write rules that they do not have', async (t) => {
  const role = makeRole('d', 'r', 'get,list - pods,pods/log', 'update apps deployments a');
  t.equal(judge(['get,list - pods', 'get,list - pods/log', 'update apps deployments'], role), null);
  t.equal(judge(['* * *'], role), null);
  t.equal(
    judge(['get - pods'], role),
    [
      'roles.rbac.authorization.k8s.io "r" is forbidden: user "jane" (groups=["dev"]) is attempting to grant RBAC permissions not currently held:',
      '{APIGroups:[""], Resources:["pods"], Verbs:["list"]}',
      '{APIGroups:[""], Resources:["pods/log"], Verbs:["get" "list"]}',
      '{APIGroups:["apps"], Resources:["deployments"], ResourceNames:["a"], Verbs:["update"]}',
    ].join('\n'),
  );
  t.match(
    judge(['get - secrets a'], makeRole('', 'r', 'get - secrets')),
    /not currently held/,
    'one name is not all',
  );
  t.match(judge(['get * *'], makeRole('', 'r', 'get /metrics')), /NonResourceURLs:\["\/metrics"\]/);
  t.equal(judge(['get /metrics*'], makeRole('', 'r', 'get /metrics/slis')), null);
});

t.test('checkEscalation knows who may escalate', async (t) => {
  const role = makeRole('', 'r', '* * *');
  const rbac = 'rbac.authorization.k8s.io';
  t.equal(judge([], role, null, makeUser('root', ['system:masters'])), null);
  t.equal(judge([`escalate ${rbac} clusterroles`], role), null);
  t.match(judge([`escalate ${rbac} roles`], role), /not currently held/);
  t.match(
    judge([`escalate ${rbac} clusterroles r`], role),
    /not currently held/,
    'a new one has no name yet',
  );
  t.equal(judge([`escalate ${rbac} clusterroles r`], role, makeRole('', 'r')), null);
});

t.test('checkEscalation lets only those gather roles who have all rights', async (t) => {
  const role = makeRole('', 'r');
  const gathering = { ...role, aggregationRule: { clusterRoleSelectors: [{}] } };
  const sentence = /must have cluster-admin privileges to use the aggregationRule/;
  t.match(judge(['get,update * *'], gathering), sentence);
  t.match(judge(['get,update * *'], role, gathering), sentence, 'nor stop it');
  t.equal(judge(['* * *', '* url*'], gathering), null);
});

t.test('checkEscalation leaves garbage collection alone', async (t) => {
  const role = makeRole('d', 'r', '* * *');
  const changed = { ...role, metadata: { ...role.metadata, finalizers: ['x'], resourceVersion: '5' } };
  t.equal(judge([], changed, role), null);
  const labelled = { ...role, metadata: { ...role.metadata, labels: { a: 'b' } } };
  t.match(judge([], labelled, role), /not currently held/);
});

t.test('checkEscalation lets nobody bind a role with more than they have', async (t) => {
  const rbac = 'rbac.authorization.k8s.io';
  const big = makeBinding('d', 'b', 'ClusterRole/big', 'User/joe');
  t.match(
    judge(['get - secrets'], big),
    /^rolebindings.rbac.authorization.k8s.io "b" is forbidden: .*\n\{APIGroups:\[""\], Resources:\["secrets"\], Verbs:\["list"\]\}$/,
  );
  t.equal(judge(['get,list - secrets'], big), null);
  t.equal(judge([`bind ${rbac} clusterroles big`], big), null);
  t.match(judge([`bind ${rbac} clusterroles other`], big), /not currently held/);
  t.match(judge([`bind ${rbac} roles big`], big), /not currently held/);
  t.equal(judge(['get - pods'], makeBinding('d', 'b', 'Role/small', 'User/joe')), null);
  t.match(
    judge(['get * *'], makeBinding('', 'b', 'ClusterRole/gone', 'User/joe')),
    /clusterroles.rbac.authorization.k8s.io "gone" not found/,
  );
  t.equal(judge([`bind ${rbac} *`], makeBinding('', 'b', 'ClusterRole/gone', 'User/joe')), null);
  t.equal(judge([], { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' } }), null);
});

t.test('missingRules finds nothing missing only where all that is wanted is allowed', async (t) => {
  const list = (...words: readonly string[]) =>
    fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength: 2 }).map((one) => one.join(','));
  const ofResources = fc
    .tuple(
      list('get', 'list', '*'),
      list('-', 'apps', '*'),
      list('pods', 'pods/log', '*/log', '*'),
      fc.oneof(fc.constant(''), list('a', 'b')),
    )
    .map((parts) => parts.join(' ').trim());
  const ofPaths = fc.tuple(list('get', '*'), list('/a', '/a/*', '/*')).map((parts) => parts.join(' '));
  const rules = fc
    .array(fc.oneof(ofResources, ofPaths), { maxLength: 3 })
    .map((texts) => rulesOf(makeRole('', 'r', ...texts)));
  const questions = [
    ...['get', 'list', 'watch'].flatMap((verb) =>
      ['-/pods', '-/pods/log', 'apps/x/log', 'batch/jobs'].flatMap((path) =>
        ['-', 'a', 'b', 'c'].map((name) => asks(jane, `${verb} ${path} d ${name}`)),
      ),
    ),
    ...['/a', '/a/b', '/b'].flatMap((path) => ['get', 'post'].map((verb) => asksPath(jane, verb, path))),
  ];
  fc.assert(
    fc.property(rules, rules, (owned, wanted) => {
      t.same(missingRules(owned, owned), []);
      if (missingRules(owned, wanted).length > 0) return;
      for (const question of questions) {
        const isWanted = wanted.some((rule) => allows(rule, question));
        if (isWanted) t.ok(owned.some((rule) => allows(rule, question)));
      }
    }),
  );
});
