/** What a recipe may say about the network: addresses by DHCP or fixed, VLANs, Wi-Fi, servers for names and the time. */
import { isIP, isIPv4 } from 'node:net';
import * as z from 'zod';

const interfaceName = z
  .string()
  .regex(/^[a-z][a-z0-9_.*-]{0,14}$/, 'must be the name of an interface, such as eth0 or eth*');
const address = z.string().refine((text) => isIP(text) !== 0, 'must be an IP address, such as 192.0.2.53');
const addressWithLength = z.string().refine(
  (text) => {
    const [host = '', length = ''] = text.split('/');
    return isIP(host) !== 0 && /^\d{1,3}$/.test(length) && Number(length) <= (isIPv4(host) ? 32 : 128);
  },
  { message: 'must be an address with the length of its network, such as 192.0.2.11/24' },
);
const hostName = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9.:-]{0,252})$/, 'must be a host name or an IP address');

const addressing = {
  dhcp: z.boolean().default(true),
  addresses: z.array(addressWithLength).default([]),
  gateway: address.optional(),
};

const vlanSchema = z.strictObject({
  id: z.int().min(1).max(4094),
  ...addressing,
});

const interfaceSchema = z
  .strictObject({
    /** Of the links with this name or this address; exactly one of both. */
    name: interfaceName.optional(),
    mac: z
      .string()
      .regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i, 'must be a MAC address, such as 02:00:5e:00:53:01')
      .optional(),
    ...addressing,
    vlans: z.array(vlanSchema).default([]),
  })
  .refine((link) => (link.name === undefined) !== (link.mac === undefined), {
    message: 'needs either "name" or "mac", which say which link is meant',
  })
  .refine((link) => link.vlans.length === 0 || (link.name !== undefined && !link.name.includes('*')), {
    path: ['vlans'],
    message: 'need a link with a name of its own, such as "name: eth0"',
  });

const wifiSchema = z.strictObject({
  /** Decides which channels may be used. */
  country: z.string().regex(/^[A-Z]{2}$/, 'must be the two capital letters of a country, such as DE'),
  networks: z
    .array(
      z.strictObject({
        ssid: z.string().regex(/^[\x20-\x7e]{1,32}$/, 'must be 1 to 32 printable ASCII characters'),
        /** Left out for an open network. */
        password: z
          .string()
          .regex(/^[\x20-\x7e]{8,63}$/, 'must be 8 to 63 printable ASCII characters')
          .optional(),
      }),
    )
    .min(1),
});

export const networkSchema = z.strictObject({
  /** Links that are not named here take an address by DHCP. */
  interfaces: z.array(interfaceSchema).default([]),
  /** Servers that resolve names, beside those that DHCP tells of. */
  dns: z.array(address).default([]),
  wifi: wifiSchema.optional(),
});

export const timeSchema = z.strictObject({
  /** Servers that are asked for the time, before those of Debian. */
  servers: z.array(hostName).default([]),
});

export type Network = z.infer<typeof networkSchema>;
