/** What may change of a pod that is there: by an update, by ephemeral containers, by a binding. */
import t from 'tap';
import type { ApiObject } from '../../../apiserver/objects/object-bytes.ts';
import { ApiError } from '../../../apiserver/status.ts';
import { made, sentences } from '../../testing/written.ts';
import { bindPod } from '../binding.ts';
import { pods } from './pods.ts';

const main = { name: 'c', image: 'i:1' };
const metadata = { name: 'web', namespace: 'd', uid: 'u' };

function pod(spec: object = {}, annotations: object = {}): ApiObject {
  const object = { kind: 'Pod', apiVersion: 'v1', metadata: { ...metadata, annotations } };
  return made(pods, { ...object, spec: { containers: [main], ...spec } });
}

function update(next: object, old: object = {}): readonly string[] {
  return sentences(pods.checkUpdate?.(pod(next), pod(old)));
}

const only =
  'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n';

t.test('an image, a nearer deadline and more tolerations may come', async (t) => {
  t.same(update({ containers: [{ ...main, image: 'i:2', imagePullPolicy: 'IfNotPresent' }] }), []);
  t.same(update({ activeDeadlineSeconds: 5 }), []);
  t.same(update({ activeDeadlineSeconds: 5 }, { activeDeadlineSeconds: 6 }), []);
  t.same(update({ tolerations: [{ operator: 'Exists' }] }), []);
  t.same(update({ terminationGracePeriodSeconds: 1 }, { terminationGracePeriodSeconds: -1 }), []);
});

t.test('all else of a pod stays, and what would change is shown', async (t) => {
  t.same(update({ hostname: 'h' }), [`${only}+ \thostname: "h"\n`]);
  t.same(update({ containers: [{ ...main, command: ['x'] }] }), [
    `${only}+ \tcontainers[0].command: ["x"]\n`,
  ]);
  t.same(update({ containers: [main, { ...main, name: 'd' }] }), [
    'spec.containers: Forbidden: pod updates may not add or remove containers',
  ]);
  t.same(update({ activeDeadlineSeconds: 7 }, { activeDeadlineSeconds: 6 }), [
    'spec.activeDeadlineSeconds: Invalid value: 7: must be less than or equal to previous value',
  ]);
  t.same(update({}, { activeDeadlineSeconds: 6 }), [
    'spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value',
  ]);
  t.same(update({}, { tolerations: [{ operator: 'Exists' }] }), [
    'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
  ]);
});

t.test('gates of a pod only go; until then its place can be narrowed', async (t) => {
  const gates = [{ name: 'a' }];
  t.same(update({}, { schedulingGates: gates }), []);
  t.same(update({ schedulingGates: [{ name: 'b' }] }, { schedulingGates: gates }), [
    "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'b'",
  ]);
  const old = { schedulingGates: gates, nodeSelector: { a: '1' } };
  t.same(update({ schedulingGates: gates, nodeSelector: { a: '1', b: '2' } }, old), []);
  t.same(update({ schedulingGates: gates, nodeSelector: { b: '2' } }, old), [
    'spec.nodeSelector: Invalid value: map[string]string{"b":"2"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
  ]);
  const affinity = (key: string): object => ({
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'Exists' }] }],
      },
    },
  });
  t.same(update({ schedulingGates: gates, affinity: affinity('a') }, { schedulingGates: gates }), []);
  t.match(
    update(
      { schedulingGates: gates, affinity: affinity('b') },
      { schedulingGates: gates, affinity: affinity('a') },
    ),
    [/nodeSelectorTerms\[0\]: Invalid value: .*: only additions are allowed \(no mutations or deletions\)$/],
  );
});

t.test('annotations that a kubelet acted upon stay', async (t) => {
  const key = 'kubernetes.io/config.mirror';
  const check = (next: object, old: object) => sentences(pods.checkUpdate?.(pod({}, next), pod({}, old)));
  t.same(check({ a: '1' }, {}), []);
  t.same(check({ [key]: 'x' }, {}), [
    `metadata.annotations[${key}]: Forbidden: may not add mirror pod annotation`,
  ]);
  t.same(check({}, { [key]: 'x' }), [
    `metadata.annotations[${key}]: Forbidden: may not remove or update mirror pod annotation`,
  ]);
});

t.test('ephemeral containers come and stay', async (t) => {
  const part = pods.parts!.ephemeralcontainers!;
  const debug = { name: 'debug', image: 'busybox' };
  const old = pod();
  const withDebug = (container: object, base = old): ApiObject => {
    const sent = {
      ...base,
      spec: { ...(base.spec as object), hostname: 'h', ephemeralContainers: [container] },
    };
    return pods.fillIn!(part.take(sent, base));
  };
  const next = withDebug(debug);
  t.match(next.spec, { hostname: undefined, ephemeralContainers: [{ imagePullPolicy: 'Always' }] });
  t.same(sentences(part.check!(next, old)), []);
  t.same(sentences(part.check!(old, next)), [
    'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n',
  ]);
  t.match(sentences(part.check!(withDebug({ ...debug, image: 'other' }), next)), [
    /existing ephemeral containers "debug" may not be changed\n- \timage: "busybox"\n\+ \timage: "other"\n$/,
  ]);
  t.same(sentences(part.check!(withDebug({ ...debug, ports: [{ containerPort: 1 }] }), old)), [
    'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
  ]);
  t.same(sentences(part.check!(withDebug({ ...debug, targetContainerName: 'x' }), old)), [
    'spec.ephemeralContainers[0].targetContainerName: Not found: "x"',
  ]);
  const mirror = pod({}, { 'kubernetes.io/config.mirror': 'x' });
  t.same(sentences(part.check!(mirror, mirror)), [
    '[]: Forbidden: static pods do not support ephemeral containers',
  ]);
});

const now = '2026-01-02T00:00:00Z';
const binding = (target: object, more: object = {}): ApiObject =>
  ({ kind: 'Binding', apiVersion: 'v1', metadata: { name: 'web', ...more }, target }) as unknown as ApiObject;

t.test('bindPod gives a pod its node, once', async (t) => {
  const bound = bindPod(pod(), binding({ kind: 'Node', name: 'n' }, { annotations: { by: 'me' } }), now);
  t.match(bound, {
    metadata: { annotations: { by: 'me' } },
    spec: { nodeName: 'n' },
    status: { conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: now }] },
  });
  const refused = 'Operation cannot be fulfilled on pods/binding "web": ';
  for (const [object, sent, message] of [
    [bound, binding({ name: 'm' }), `${refused}pod web is already assigned to node "n"`],
    [
      pod({ schedulingGates: [{ name: 'g' }] }),
      binding({ name: 'n' }),
      `${refused}pod web has non-empty .spec.schedulingGates`,
    ],
    [
      pod(),
      binding({ name: 'n' }, { uid: 'other' }),
      `${refused}Precondition failed: UID in precondition: other, UID in object meta: u`,
    ],
    [pod(), binding({ name: '' }), 'target.name: Required value'],
    [
      pod(),
      binding({ kind: 'Pod', name: 'n' }),
      'target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"',
    ],
  ] as const) {
    t.throws(() => bindPod(object, sent, now), { name: ApiError.name, message });
  }
});
