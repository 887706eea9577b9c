import t from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type { Write } from '../client/writes.ts';
import { planKubernetesService } from './kubernetes-service.ts';

const wanted = {
  clusterIp: '10.96.0.1',
  port: 6443,
  addresses: ['192.0.2.2', '192.0.2.1', '2001:db8::1', '192.0.2.2'],
};
const nothing = { service: null, endpoints: null, slice: null };

function objectsOf(writes: readonly Write[]): readonly ApiObject[] {
  return writes.flatMap((write) => ('object' in write ? [write.object] : []));
}

t.test('planKubernetesService makes what is missing, with addresses of one family, each once', async (t) => {
  const writes = planKubernetesService({ wanted, ...nothing });
  t.same(
    writes.map(({ kind }) => kind),
    ['create', 'create', 'create'],
  );
  const [service, endpoints, slice] = objectsOf(writes);
  t.match(service, { spec: { clusterIP: '10.96.0.1', ports: [{ targetPort: 6443 }] } });
  t.match(endpoints, { subsets: [{ addresses: [{ ip: '192.0.2.1' }, { ip: '192.0.2.2' }] }] });
  t.match(slice, {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['192.0.2.1'] }, { addresses: ['192.0.2.2'] }],
  });
});

t.test('planKubernetesService changes what differs, and nothing else', async (t) => {
  const [service, endpoints, slice] = objectsOf(planKubernetesService({ wanted, ...nothing })) as [
    ApiObject,
    ApiObject,
    ApiObject,
  ];
  const marked = {
    ...slice,
    metadata: { ...slice.metadata, labels: { ...slice.metadata.labels, own: 'yes' } },
  };
  t.same(planKubernetesService({ wanted, service, endpoints, slice: marked }), []);
  const fewer = { ...wanted, addresses: ['192.0.2.1'] };
  const writes = planKubernetesService({ wanted: fewer, service, endpoints, slice: marked });
  t.same(
    writes.map(({ kind }) => kind),
    ['update', 'update'],
  );
  t.match(objectsOf(writes)[1], {
    metadata: { labels: { own: 'yes' } },
    endpoints: [{ addresses: ['192.0.2.1'] }],
  });
});

t.test(
  'planKubernetesService takes nobody out while nobody is known, and leaves the service to people',
  async (t) => {
    const [service, endpoints, slice] = objectsOf(planKubernetesService({ wanted, ...nothing })) as [
      ApiObject,
      ApiObject,
      ApiObject,
    ];
    t.same(planKubernetesService({ wanted: { ...wanted, addresses: [] }, service, endpoints, slice }), []);
    t.same(planKubernetesService({ wanted, service: { ...service, spec: {} }, endpoints, slice }), []);
    const sixth = planKubernetesService({ wanted: { ...wanted, clusterIp: 'fd00::1' }, ...nothing });
    t.match(objectsOf(sixth)[2], { addressType: 'IPv6', endpoints: [{ addresses: ['2001:db8::1'] }] });
  },
);
