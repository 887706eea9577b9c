import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { KnownClusters } from './known-clusters.ts';
import { formatKubeconfig } from './kubeconfig.ts';

const cluster = {
  ...{ name: 'shop', clusterName: 'shop', clusterId: '0011', servers: ['a:7443'] },
  ca: '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n',
};

t.test('KnownClusters keeps what was met, and says which file is damaged', async (t) => {
  const directory = t.testdir({});
  const known = new KnownClusters(directory);
  t.same(known.list(), []);
  known.save(cluster);
  t.same(known.list(), [{ ...cluster, file: path.join(directory, 'known-clusters/shop.json') }]);
  t.equal(statSync(known.fileOf('shop')).mode & 0o777, 0o600);
  known.save({ ...cluster, servers: Array.from({ length: 100 }, (_, i) => `s${i}:7443`) });
  t.equal(known.list()[0]?.servers.at(-1), 's99:7443');
  t.equal(known.list()[0]?.servers.length, 64);
  writeFileSync(known.fileOf('shop'), '{}');
  t.throws(() => known.list(), { name: 'KnownClusterError', message: /shop\.json is damaged.*Remove it/ });
});

t.test('formatKubeconfig writes what kubectl reads', async (t) => {
  const parts = { cluster: 'shop', operator: 'ada', certificate: 'c', caCertificate: 'ca', privateKey: 'k' };
  const config = parse(
    formatKubeconfig({
      ...parts,
      nodes: [
        { name: 'b', host: '2001:db8::1', port: 6443 },
        { name: 'a', host: '192.0.2.1', port: 7000 },
      ],
    }),
  );
  t.match(config, {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'shop' },
    clusters: [
      {
        name: 'shop',
        cluster: {
          server: 'https://[2001:db8::1]:6443',
          'tls-server-name': 'kubernetes',
          'certificate-authority-data': 'Y2E=',
        },
      },
      { name: 'shop-b', cluster: { server: 'https://[2001:db8::1]:6443' } },
      { name: 'shop-a', cluster: { server: 'https://192.0.2.1:7000' } },
    ],
    users: [{ name: 'ada@shop', user: { 'client-certificate-data': 'Yw==', 'client-key-data': 'aw==' } }],
    contexts: [
      { name: 'shop', context: { cluster: 'shop', user: 'ada@shop' } },
      { name: 'shop-b', context: { cluster: 'shop-b', user: 'ada@shop' } },
      { name: 'shop-a', context: { cluster: 'shop-a', user: 'ada@shop' } },
    ],
  });
});
