/** What the configuration says of etcd: an external one as the datastore, and the API of etcd that every node speaks. */
import * as z from 'zod';

const filePathSchema = z.string().startsWith('/', 'must be the absolute path of a PEM file');

const tlsSchema = z.strictObject({
  /** Who signed the certificates of the other side. */
  ca: filePathSchema,
  certificate: filePathSchema,
  key: filePathSchema,
});

const endpointSchema = z
  .string()
  .regex(
    /^https?:\/\/(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/,
    'must be http://HOST:PORT or https://HOST:PORT, such as https://192.0.2.11:2379',
  );

/** `datastore.etcd`: keeps the cluster's data in an etcd that others run, in place of the embedded datastore. */
export const etcdSchema = z
  .strictObject({
    endpoints: z.array(endpointSchema).min(1, 'must name at least one endpoint').max(16),
    tls: tlsSchema.optional(),
  })
  .refine(
    ({ endpoints, tls }) =>
      endpoints.every((endpoint) => endpoint.startsWith('https:') === (tls !== undefined)),
    'https endpoints need tls, and http endpoints must not have it',
  );

/** `datastore.etcdApi`: where etcdctl and other clients of etcd reach the datastore. */
export const etcdApiSchema = z
  .strictObject({
    /** For root only: who opens it may read and write everything. */
    socket: z.string().startsWith('/', 'must be an absolute path').max(107).default('/run/trivet/etcd.sock'),
    /** A TLS port for clients with a certificate of `tls.ca`; none when absent. */
    port: z.int().min(0).max(65535).optional(),
    /** The address of the port; all of them when absent. */
    address: z.string().optional(),
    tls: tlsSchema.optional(),
  })
  .refine(
    ({ port, tls }) => (port === undefined) === (tls === undefined),
    'port and tls belong together: the port is for clients with a certificate only',
  );
