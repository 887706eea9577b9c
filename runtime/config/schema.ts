/**
 * The agent's configuration (`/etc/trivet/config.yaml`) as a schema. The recipe's `cluster` section is the
 * same `clusterSchema`, so that the builder refuses at build time what a device would refuse at boot.
 */
import * as z from 'zod';
import { frontProxySchema, oidcSchema } from './api-authentication-schema.ts';
import { auditSchema } from './audit-schema.ts';
import { enrolmentSchema } from './enrolment-schema.ts';
import { etcdApiSchema, etcdSchema } from './etcd-schema.ts';
import { operatorsSchema } from './operators-schema.ts';

/** Long enough that guessing against recorded handshakes is hopeless; see ARCHITECTURE.md, decisions. */
export const secretMinimumLength = 16;

/** A DNS label: what cluster and node names must be, because they appear in mDNS and certificates. */
export const dnsLabelSchema = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'must be 1 to 63 lower-case letters, digits or hyphens, and start and end with a letter or digit',
  );

/** What a machine may join a cluster with (`trivet token create`). */
export const tokenSchema = z
  .string()
  .regex(/^t1-[0-9a-f]{8}-[0-9a-f]{32}-[0-9a-f]{32}$/, 'must be a token as "trivet token create" prints it');

export const failureDomainSchema = z
  .union([z.string(), z.int().min(0)])
  .transform(String)
  .refine(
    (label) => /^[\x21-\x7e]{1,63}$/.test(label),
    'must be a number, or 1 to 63 characters without spaces',
  );

/** Any of them may be left out in a file that goes over another. */
export const clusterFields = z.strictObject({
  /** Machines of one name and one secret become one cluster. */
  name: dnsLabelSchema,
  /** Proved by every joining machine before anything else is said; never sent. */
  secret: z
    .string()
    .min(
      secretMinimumLength,
      `must be at least ${secretMinimumLength} characters: it is all that keeps strangers out (for example the output of: openssl rand -hex 16)`,
    )
    .optional(),
  /** In place of the secret: admits this one machine to a cluster that exists (trivet token create). */
  token: tokenSchema.optional(),
  /** Beside the secret: this machine's own right to enrol, once (trivet factory batch). */
  voucher: z
    .string()
    .regex(
      /^v1\.[A-Za-z0-9_-]{1,2048}\.[A-Za-z0-9_-]{86}\.[A-Za-z0-9_-]{43}$/,
      'must be a voucher as "trivet factory batch" writes it',
    )
    .optional(),
  /** How many blank machines must find each other before one of them starts the cluster. */
  expect: z.int().min(1).max(7).default(3),
  /** What this machine fails together with: a rack, a room, a site. Voters are spread over these first of all. */
  failureDomain: failureDomainSchema.optional(),
  /** Lower becomes a voter first, higher gives its seat up first; after the failure domains. */
  weight: z.int().min(-1000).max(1000).default(0),
  /** How long a node's certificate is good, in hours of the cluster's life; it is renewed when half of them are over. */
  certificateHours: z.number().min(0.001).max(87_600).default(720),
  /** When the secret stops admitting machines; it does not where nothing is said. */
  enrolment: enrolmentSchema.prefault({}),
});

const notOneSecret = {
  path: ['secret'],
  message:
    'is missing: a cluster has a secret that its machines share, or this machine has a token in its place (not both)',
};

const voucherBesideToken = {
  path: ['voucher'],
  message: 'goes with a secret: a machine with a token needs none, so leave it out',
};

export const clusterSchema = clusterFields
  .refine(({ secret, token }) => (secret === undefined) !== (token === undefined), notOneSecret)
  .refine(({ token, voucher }) => token === undefined || voucher === undefined, voucherBesideToken);

/** Of a member: it has a certificate, and the cluster keeps the key of the secret. */
export const memberClusterSchema = clusterFields
  .refine(({ secret, token }) => secret === undefined || token === undefined, notOneSecret)
  .refine(({ token, voucher }) => token === undefined || voucher === undefined, voucherBesideToken);
export const mostAddresses = 64;
/** What a label of a host's name is (RFC 1123), and how long a name may be. */
const labelPattern = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const longestName = 253;

function isHostName(text: string): boolean {
  return text.length <= longestName && text.split('.').every((label) => labelPattern.test(label));
}

/** `host:port`; the port may be left out (7443). IPv6 addresses stand in brackets. */
export const addressSchema = z
  .string()
  .regex(
    /^(\[[0-9a-fA-F:.%a-z]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?$/,
    'must be HOST or HOST:PORT, with an IPv6 address in brackets, such as 192.0.2.11, nodes.example.net or [2001:db8::1]:7443',
  )
  .refine((text) => {
    const [, host = '', port = '1'] = /^(\[.+\]|[^:]+)(?::(\d+))?$/.exec(text) ?? [];
    return Number(port) >= 1 && Number(port) <= 65535 && (host.startsWith('[') || isHostName(host));
  }, 'must have a port from 1 to 65535, and a name of labels with at most 63 letters, digits or hyphens');

const discoverySchema = z.strictObject({
  /** Find peers on the link by multicast DNS. */
  mdns: z.boolean().default(true),
  /** The IPv4 address of the only interface to use for multicast DNS; all of them when absent. */
  mdnsInterface: z.ipv4().optional(),
  /** Addresses and names to try beside what multicast DNS finds. All addresses of a name are tried. */
  addresses: z.array(addressSchema).max(mostAddresses).default([]),
  /** A domain whose SRV entries `_trivet._tcp` name the nodes, with their ports. */
  domain: z.string().refine(isHostName, 'must be a domain, such as edge.example.net').optional(),
});

const peersSchema = z.strictObject({
  /** The address to listen on for peers. */
  address: z.string().default('::'),
  port: z.int().min(0).max(65535).default(7443),
});

const apiSchema = z.strictObject({
  /** Whether this node serves the Kubernetes API, and its controllers stand for election here. */
  enabled: z.boolean().default(true),
  /** The address to listen on for clients of the Kubernetes API. */
  address: z.string().default('::'),
  /** 0: any that is free, which the log then says. */
  port: z.int().min(0).max(65535).default(6443),
  /** Nothing is written down when absent. */
  audit: auditSchema.optional(),
  /** Providers (OpenID Connect) whose tokens count. */
  oidc: oidcSchema.default([]),
  /** A proxy in front that says whom it speaks for; nobody is believed that when absent. */
  frontProxy: frontProxySchema.optional(),
});

const adminSchema = z.strictObject({
  /** The local administration socket, for root only. */
  socket: z.string().default('/run/trivet/trivet.sock'),
  /**
   * Character devices that speak the administration protocol too, such as /dev/hvc0: a private channel from
   * the hypervisor, which owns the machine anyway. One that does not exist is ignored. On a device the recipe names them:
   * the agent may open no others.
   */
  consoles: z.array(z.string().regex(/^\/dev\/[\w./-]+$/, 'must be a device, such as /dev/hvc0')).default([]),
});

const rolesSchema = z.strictObject({
  voters: z
    .int()
    .min(1)
    .max(7)
    .refine((count) => count % 2 === 1, 'must be odd: an even number of voters survives no more failures')
    .default(3),
  standbys: z.int().min(0).max(7).default(2),
});

const datastoreSchema = z.strictObject({
  /** An external etcd to keep the data in; the embedded datastore when absent. */
  etcd: etcdSchema.optional(),
  etcdApi: etcdApiSchema.prefault({}),
  heartbeatMilliseconds: z.int().min(10).max(10_000).default(100),
  /** The shortest election timeout; it rises by itself where disk, machine or network are slow. */
  electionMilliseconds: z.int().min(50).max(60_000).default(500),
  /** The database may take this much before writes are refused. */
  spaceLimitBytes: z
    .int()
    .min(1_048_576)
    .default(2 * 1024 * 1024 * 1024),
  /** Revisions of history kept when nobody compacts. */
  keepRevisions: z.int().min(1_000).default(1_000_000),
  /** Log entries kept behind the applied index, so that a node that was away a short time needs no snapshot. */
  keepEntries: z.int().min(0).default(5_000),
  /** Entries applied before the log is compacted again. */
  compactEvery: z.int().min(1).default(10_000),
});

export const configSchema = z.strictObject({
  cluster: clusterSchema,
  node: z.strictObject({ name: dnsLabelSchema.optional() }).prefault({}),
  discovery: discoverySchema.prefault({}),
  peers: peersSchema.prefault({}),
  admin: adminSchema.prefault({}),
  api: apiSchema.prefault({}),
  roles: rolesSchema.prefault({}),
  datastore: datastoreSchema.prefault({}),
  /** Who may ask this node from afar, by their keys (trivet status --server). */
  operators: operatorsSchema.default([]),
  /** Everything a node must not lose. */
  dataDirectory: z.string().default('/var/lib/trivet'),
});

export type Config = z.infer<typeof configSchema>;

/** Of which any part may be left out. */
export const partialConfigSchema = configSchema.extend({ cluster: clusterFields.partial() }).partial();

/** Fields that are shown to nobody. */
export const secretFields: readonly string[] = ['cluster.secret', 'cluster.token', 'cluster.voucher'];
