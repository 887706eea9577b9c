import fc from 'fast-check';
import t from 'tap';
import type { ApiObject } from '../../../apiserver/objects/object-bytes.ts';
import type { ServiceSpec } from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import { allocateService, checkAllocation, claimsOfService, serviceClaimError } from './allocation.ts';

function service(spec: object): ApiObject {
  return { kind: 'Service', apiVersion: 'v1', metadata: { name: 'a', namespace: 'd' }, spec };
}

const specOf = (object: ApiObject): ServiceSpec => object.spec as ServiceSpec;
const halves = (): number => 0.5;

t.test('allocateService gives what the type needs and nobody has chosen', async (t) => {
  const plain = allocateService(service({ type: 'ClusterIP', ports: [{ port: 80 }] }), halves);
  t.match(plain.spec, {
    ...{ clusterIP: '10.104.0.127', clusterIPs: ['10.104.0.127'] },
    ...{ ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack', ports: [{ port: 80 }] },
  });
  t.notOk(specOf(plain).ports?.[0]?.nodePort);
  t.same(
    allocateService(plain, () => 0),
    plain,
    'what it has it keeps',
  );
  t.same(claimsOfService(plain), ['serviceips/10.104.0.127']);
  const open = allocateService(
    service({ type: 'NodePort', ports: [{ port: 80 }, { port: 81 }] }),
    Math.random,
  );
  const [first, second] = (specOf(open).ports ?? []).map(({ nodePort = 0 }) => nodePort) as [number, number];
  t.not(first, second);
  t.same(claimsOfService(open).slice(1), [`nodeports/${first}`, `nodeports/${second}`]);
  const headless = allocateService(
    service({ type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'] }),
    halves,
  );
  t.match(headless.spec, { clusterIP: 'None' });
  t.same(claimsOfService(headless), []);
  const named = service({ type: 'ExternalName', externalName: 'a.example' });
  t.same(allocateService(named, halves), named);
  const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports: [{ port: 80 }] };
  t.ok(specOf(allocateService(service(local), Math.random)).healthCheckNodePort);
});

t.test('allocateService gives addresses and ports that this cluster has, whatever chance says', async () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(chance, fc.array(chance, { minLength: 1 }), (first, others) => {
      let at = 0;
      const random = (): number => [first, ...others][at++ % (others.length + 1)] as number;
      const made = allocateService(service({ type: 'NodePort', ports: [{ port: 1 }] }), random);
      return checkAllocation(specOf(made)).length === 0;
    }),
  );
});

t.test('checkAllocation says what this cluster has not', async (t) => {
  const sentences = (spec: object): readonly string[] =>
    checkAllocation(spec as ServiceSpec).map(({ field, message }) => `${field}: ${message}`);
  t.same(sentences({ clusterIPs: ['10.96.0.1'], ipFamilies: ['IPv4'] }), []);
  const ports = [{ port: 1, nodePort: 1 }];
  t.same(sentences({ type: 'ClusterIP', ports }), [], 'it is given no such port');
  t.same(sentences({ clusterIPs: ['192.0.2.1'] }), [
    'spec.clusterIPs: Invalid value: []string{"192.0.2.1"}: failed to allocate IP 192.0.2.1: the provided IP (192.0.2.1) is not in the valid range. The range of valid IPs is 10.96.0.0/12',
  ]);
  t.same(sentences({ ipFamilies: ['IPv6'] }), [
    'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
  ]);
  t.same(sentences({ type: 'LoadBalancer', ports: [{ port: 80, nodePort: 80 }] }), [
    'spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
  ]);
  const taken = service({ clusterIPs: ['10.96.0.9'], ports: [{ port: 1, nodePort: 30_001 }] });
  t.match(serviceClaimError(taken, 'serviceips/10.96.0.9'), {
    ...{
      field: 'spec.clusterIPs',
      message: /failed to allocate IP 10\.96\.0\.9: provided IP is already allocated/,
    },
  });
  t.match(serviceClaimError(taken, 'nodeports/30001'), {
    ...{
      field: 'spec.ports[0].nodePort',
      message: 'Invalid value: 30001: provided port is already allocated',
    },
  });
});
