import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { builtInGroupVersions } from '../resources/built-in.ts';
import { parseFieldSelector } from '../selectors/field-selector.ts';
import { checkFields, fieldRulesOf, hasFields } from './select-fields.ts';

/** What a real server of 1.32 answered to the field `zz`, by `GROUP/VERSION/RESOURCE`. */
const measured = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../testing/measured/field-selectors.json'), 'utf8'),
) as Readonly<Record<string, string>>;

t.test('checkFields refuses an unknown field with the sentence of the real server', async (t) => {
  const ours = builtInGroupVersions
    .flatMap(({ resources }) => resources)
    .filter(({ verbs }) => verbs.includes('list'))
    .map((resource) => [`${resource.group}/${resource.version}/${resource.resource}`, resource] as const);
  // The custom resource of the test that asked.
  const theirs = Object.keys(measured).filter((name) => !name.startsWith('ex.io/'));
  t.same(ours.map(([name]) => name).sort(), theirs.sort());
  for (const [name, resource] of ours) {
    t.throws(() => checkFields(fieldRulesOf(resource), parseFieldSelector('zz=1')), {
      name: 'ApiError',
      reason: 'BadRequest',
      message: measured[name]!,
    });
    t.doesNotThrow(() => checkFields(fieldRulesOf(resource), parseFieldSelector('metadata.name=a')), name);
  }
});

t.test('checkFields does not take what every object inherits for a field', async (t) => {
  t.throws(() =>
    checkFields(fieldRulesOf({ group: '', resource: 'pods' }), parseFieldSelector('toString=1')),
  );
});

const pod = {
  metadata: { name: 'web', namespace: 'a' },
  spec: { nodeName: 'n1', restartPolicy: 'Always', schedulerName: 's', serviceAccountName: 'sa' },
  status: { phase: 'Running', podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd::1' }] },
};
const event = {
  metadata: { name: 'e', namespace: 'a' },
  involvedObject: { kind: 'Pod', namespace: 'a', name: 'web', uid: 'u', fieldPath: 'spec' },
  reason: 'Started',
  type: 'Normal',
  reportingComponent: 'kubelet',
};
/** The same as its own group has it. */
const ofGroup = { regarding: event.involvedObject, reportingController: event.reportingComponent };

t.test('hasFields reads the values of each resource', async (t) => {
  for (const [group, resource, object, selector, expected] of [
    ['', 'pods', pod, 'metadata.name=web,metadata.namespace=a,spec.nodeName=n1,spec.host=n1', true],
    ['', 'pods', pod, 'spec.restartPolicy=Always,spec.schedulerName=s,spec.serviceAccountName=sa', true],
    ['', 'pods', pod, 'spec.hostNetwork=false,status.phase=Running,status.podIP=10.0.0.1', true],
    ['', 'pods', pod, 'status.nominatedNodeName=', true],
    ['', 'pods', pod, 'status.phase!=Running', false],
    ['', 'pods', { spec: { hostNetwork: true } }, 'spec.hostNetwork=true', true],
    ['', 'events', event, 'involvedObject.kind=Pod,involvedObject.name=web,involvedObject.uid=u', true],
    ['', 'events', event, 'source=kubelet,reportingComponent=kubelet,reason=Started,type=Normal', true],
    ['', 'events', { source: { component: 'c' } }, 'source=c', true],
    ['events.k8s.io', 'events', ofGroup, 'regarding.name=web,reportingController=kubelet', true],
    ['events.k8s.io', 'events', ofGroup, 'regarding.name=db', false],
    ['', 'nodes', {}, 'spec.unschedulable=false', true],
    ['', 'nodes', { spec: { unschedulable: true } }, 'spec.unschedulable=false', false],
    ['', 'namespaces', { status: { phase: 'Active' } }, 'status.phase=Active', true],
    ['', 'secrets', { type: 'Opaque' }, 'type=Opaque', true],
    ['', 'services', { spec: { clusterIP: 'None', type: 'ClusterIP' } }, 'spec.clusterIP=None', true],
    ['', 'replicationcontrollers', {}, 'status.replicas=0', true],
    ['batch', 'jobs', { status: { succeeded: 3 } }, 'status.successful=3', true],
    [
      ...(['certificates.k8s.io', 'certificatesigningrequests'] as const),
      ...([{ spec: { signerName: 'x/y' } }, 'spec.signerName=x/y', true] as const),
    ],
    ['apps', 'deployments', { metadata: { name: 'd', namespace: 'a' } }, 'metadata.namespace=a', true],
    ['', 'pods', null, 'metadata.name=', true],
    ['', 'pods', { metadata: 3 }, 'metadata.name=3', false],
  ] as const) {
    const parsed = parseFieldSelector(selector);
    checkFields(fieldRulesOf({ group, resource }), parsed);
    t.equal(
      hasFields(fieldRulesOf({ group, resource }), parsed, object),
      expected,
      `${resource} ${selector}`,
    );
  }
});
