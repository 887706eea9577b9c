import t from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { planDefaultAccount } from '../service-accounts/default-accounts.ts';
import { planRootCa } from './root-ca.ts';

const namespace = (phase: string): ApiObject => ({
  ...{ kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'd' }, status: { phase } },
});
const configMap = (data: object, annotations: object): ApiObject => ({
  ...{
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'kube-root-ca.crt', namespace: 'd', annotations },
  },
  data,
});
const described = { 'kubernetes.io/description': 'whatever it says' };

t.test('planRootCa keeps the certificate as it is now, and nothing beside it', async (t) => {
  const plan = (found: ApiObject | null, phase = 'Active') =>
    planRootCa({ namespace: namespace(phase), configMap: found, certificate: 'CA' });
  t.match(plan(null), [
    { kind: 'create', object: { metadata: { namespace: 'd' }, data: { 'ca.crt': 'CA' } } },
  ]);
  t.same(plan(null, 'Terminating'), []);
  t.same(plan(configMap({ 'ca.crt': 'CA' }, described)), []);
  for (const found of [
    configMap({ 'ca.crt': 'old' }, described),
    configMap({ 'ca.crt': 'CA', other: 'x' }, described),
    configMap({ 'ca.crt': 'CA' }, {}),
  ]) {
    const [write] = plan(found);
    t.match(write, { kind: 'update', object: { metadata: { annotations: {} } } });
    t.same((write as { object: ApiObject }).object.data, { 'ca.crt': 'CA' });
  }
  t.same(planRootCa({ namespace: null, configMap: null, certificate: 'CA' }), []);
});

t.test('planDefaultAccount makes an account where things can be made', async (t) => {
  t.match(planDefaultAccount({ namespace: namespace('Active'), hasDefault: false }), [
    { kind: 'create', object: { metadata: { name: 'default', namespace: 'd' } } },
  ]);
  t.same(planDefaultAccount({ namespace: namespace('Active'), hasDefault: true }), []);
  t.same(planDefaultAccount({ namespace: namespace('Terminating'), hasDefault: false }), []);
});
