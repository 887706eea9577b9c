import t from 'tap';
import { etcdApiSchema, etcdSchema } from './etcd-schema.ts';

const tls = { ca: '/a.pem', certificate: '/b.pem', key: '/c.pem' };

t.test('etcdSchema wants endpoints that fit their TLS', async (t) => {
  const accepts = (value: unknown): boolean => etcdSchema.safeParse(value).success;
  t.ok(accepts({ endpoints: ['http://127.0.0.1:2379'] }));
  t.ok(accepts({ endpoints: ['https://etcd-1.example:2379', 'https://[2001:db8::1]:2379'], tls }));
  t.notOk(accepts({ endpoints: [] }), 'none');
  t.notOk(accepts({ endpoints: ['127.0.0.1:2379'] }), 'no scheme');
  t.notOk(accepts({ endpoints: ['https://127.0.0.1'] }), 'no port');
  t.notOk(accepts({ endpoints: ['https://127.0.0.1:2379'] }), 'https without certificates');
  t.notOk(accepts({ endpoints: ['http://127.0.0.1:2379'], tls }), 'certificates without https');
  t.notOk(accepts({ endpoints: ['https://h:1'], tls: { ...tls, key: 'relative.pem' } }), 'a relative path');
});

t.test('etcdApiSchema opens a port for certificates only', async (t) => {
  t.equal(etcdApiSchema.parse({}).socket, '/run/trivet/etcd.sock');
  const accepts = (value: unknown): boolean => etcdApiSchema.safeParse(value).success;
  t.ok(accepts({ port: 2379, tls }));
  t.notOk(accepts({ port: 2379 }));
  t.notOk(accepts({ tls }));
  t.notOk(accepts({ port: 70_000, tls }));
  t.notOk(accepts({ socket: 'etcd.sock' }));
  t.notOk(accepts({ socket: `/${'x'.repeat(107)}` }), 'a name that the kernel cannot take');
});
