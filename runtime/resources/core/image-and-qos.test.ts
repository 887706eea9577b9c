import t from 'tap';
import { defaultPullPolicy } from './pods/image-name.ts';
import { qosClassOf } from './pods/qos-class.ts';

t.test('defaultPullPolicy is Always for what may have moved', async (t) => {
  const digest = `sha256:${'a'.repeat(64)}`;
  for (const [image, policy] of [
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1.27', 'IfNotPresent'],
    ['localhost:5000/nginx', 'Always'],
    ['registry.k8s.io/pause:3.10', 'IfNotPresent'],
    [`nginx@${digest}`, 'IfNotPresent'],
    // What is no name of an image is not pulled again and again.
    ['', 'IfNotPresent'],
    ['NGINX', 'IfNotPresent'],
    ['a b', 'IfNotPresent'],
    [`${'a-'.repeat(200_000)}`, 'IfNotPresent'],
  ] as const) {
    t.equal(defaultPullPolicy(image), policy, image.slice(0, 40));
  }
});

t.test('qosClassOf follows requests and limits of all containers', async (t) => {
  const both = { cpu: '1', memory: '1Gi' };
  const classOf = (...resources: object[]) =>
    qosClassOf({ containers: resources.map((one) => ({ name: 'a', resources: one })) });
  t.equal(classOf({}), 'BestEffort');
  t.equal(classOf({ requests: { cpu: '0' } }), 'BestEffort');
  t.equal(classOf({ requests: { 'ephemeral-storage': '1Gi' } }), 'BestEffort');
  t.equal(classOf({ requests: { cpu: '1' } }), 'Burstable');
  t.equal(classOf({ limits: both, requests: both }), 'Guaranteed');
  t.equal(classOf({ limits: both, requests: { cpu: '1000m', memory: '1024Mi' } }), 'Guaranteed');
  t.equal(classOf({ limits: both, requests: both }, {}), 'Burstable');
  t.equal(classOf({ limits: both, requests: { ...both, cpu: '500m' } }), 'Burstable');
});
