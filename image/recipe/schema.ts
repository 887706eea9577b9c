/**
 * What a recipe may say. The cluster section and the agent's settings are the runtime's own schema, so that the builder
 * refuses what a device would refuse at boot.
 */
import * as z from 'zod';
import { operatorsSchema } from '../../runtime/config/operators-schema.ts';
import { clusterSchema, configSchema } from '../../runtime/config/schema.ts';
import { type ArchitectureName, architectureNames } from '../architecture.ts';
import { extraFormats } from '../formats/names.ts';
import { type TargetName, targetNames, targetOf } from '../targets.ts';
import { networkSchema, timeSchema } from './network-schema.ts';

const mebibyte = 1024 * 1024;

/** `96M` or `2G`, as bytes. */
const sizeSchema = z
  .string()
  .regex(/^[1-9]\d*[MG]$/, 'must be a number of mebibytes or gibibytes, such as 192M or 1G')
  .transform((text) => Number.parseInt(text, 10) * (text.endsWith('G') ? 1024 * mebibyte : mebibyte));

const absolutePath = z
  .string()
  .regex(/^(\/[^/\0]+)+$/, 'must be an absolute path of a file, such as /etc/motd')
  .refine(
    (text) => !text.split('/').includes('..') && !text.split('/').includes('.'),
    'must not contain . or ..',
  )
  .refine(
    (text) => !/^\/(var|run|proc|sys|dev|tmp|efi)(\/|$)/.test(text),
    'lies where another file system is mounted on the device; nothing of the image shows there',
  );

const fileSchema = z
  .strictObject({
    path: absolutePath,
    content: z.string().optional(),
    /** What is no text. */
    base64: z.base64('must be bytes in Base64').optional(),
    /** Relative to the recipe. */
    source: z.string().min(1).optional(),
    mode: z
      .string()
      .regex(/^0[0-7]{3}$/, 'must be four octal digits in quotes, such as "0644"')
      .default('0644'),
  })
  .refine(
    (file) => [file.content, file.base64, file.source].filter((one) => one !== undefined).length === 1,
    {
      message: 'needs either "content" or "source" (or "base64")',
    },
  );

/** Becomes part of file names. */
const imageName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'must be up to 63 lower-case letters, digits, hyphens or underscores');

const packageName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9+.-]+$/, 'must be the name of a Debian package: lower-case letters, digits, + - .');
const unitName = z
  .string()
  .regex(
    /^[\w@:.\\-]+\.(service|socket|timer|path|mount|target)$/,
    'must be the name of a unit, such as foo.service',
  );

const agentSchema = z
  .strictObject({
    discovery: configSchema.shape.discovery,
    peers: configSchema.shape.peers,
    admin: configSchema.shape.admin,
    roles: configSchema.shape.roles,
    datastore: configSchema.shape.datastore,
  })
  .partial();

const architectureName = z.enum(architectureNames as readonly [ArchitectureName, ...ArchitectureName[]]);
const architectureSchema = z
  .union([architectureName, z.array(architectureName).min(1)])
  .transform((value) => [...new Set([value].flat())]);
const moduleName = z.string().regex(/^[\w-]+$/, 'must be the name of a kernel module, such as ixgbe');
const consoleName = z
  .string()
  .regex(
    /^tty[A-Za-z0-9]+(,\d+[neo]?\d?r?)?$/,
    'must be a kernel console, such as ttyS0, ttyS0,115200 or tty0',
  );

/** `edge-{id}`: {id} is eight digits of the machine's own. */
const hostNamePattern = z
  .string()
  .regex(
    /^(?=.{1,56}$)[a-z0-9{]([a-z0-9-]|\{id\})*$/,
    'must be lower-case letters, digits and hyphens, with {id} for the machine’s own digits, such as edge-{id}',
  )
  .refine(
    (text) => /^[a-z0-9-]*$/.test(text.replace('{id}', '')),
    'may contain {id} once, and no other braces',
  );

const recipeFields = z.strictObject({
  /** Another recipe, relative to this one, that this one goes over: maps are merged, anything else is replaced. */
  extends: z.string().min(1).optional(),
  name: imageName,
  version: z
    .string()
    .regex(
      /^[0-9A-Za-z][0-9A-Za-z.~-]{0,31}$/,
      'must be up to 32 letters, digits, dots, hyphens or ~, in quotes',
    )
    .optional(),
  /** One, or a list: an image for each. */
  architecture: architectureSchema,
  /** Where the image will run; decides about kernel, drivers and boot loader. */
  target: z.enum(targetNames as readonly [TargetName, ...TargetName[]]),
  debian: z
    .strictObject({
      /** The release. What goes into the root (image/root/contents.txt) is written for it. */
      suite: z.literal('trixie').default('trixie'),
      components: z.array(z.enum(['main', 'contrib', 'non-free', 'non-free-firmware'])).default([]),
    })
    .prefault({}),
  packages: z.array(packageName).default([]),
  /** Units of the extra packages that are to be started. */
  enable: z.array(unitName).default([]),
  files: z.array(fileSchema).default([]),
  kernel: z
    .strictObject({
      commandLine: z
        .string()
        .regex(/^[\x20-\x7e]*$/, 'must be plain ASCII on one line')
        .default(''),
      /** `cloud`, small, for virtual machines, or `full`; the target's own when left out. */
      flavour: z.enum(['cloud', 'full']).optional(),
      /** Modules beside those of the target. */
      modules: z.array(moduleName).default([]),
    })
    .prefault({}),
  /** The kernel's consoles, the last one being /dev/console; the target's own when left out. */
  console: z.array(consoleName).min(1).optional(),
  /** The target's own when left out. */
  sizes: z.strictObject({ esp: sizeSchema.optional(), slot: sizeSchema.optional() }).prefault({}),
  hostname: hostNamePattern.default('trivet-{id}'),
  network: networkSchema.prefault({}),
  time: timeSchema.prefault({}),
  /** PEM files, relative to the recipe, of authorities that the device trusts beside Debian's. */
  certificates: z.array(z.string().min(1)).default([]),
  data: z
    .strictObject({
      fileSystem: z.literal('ext4').default('ext4'),
      /** Leaves the rest of the disk free; all of it when left out. */
      maxSize: sizeSchema.optional(),
      /** `tpm2`: the data partition is encrypted, and opens only with the machine's TPM 2.0; plain when left out. */
      encrypt: z.literal('tpm2').optional(),
    })
    .prefault({}),
  update: z
    .strictObject({
      /** Where devices will look for updates. */
      source: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional(),
      /** A new version must have proved itself within this time, or the old one comes back. */
      healthSeconds: z.int().min(20).max(3600).default(300),
    })
    .prefault({}),
  addons: z
    .array(z.string())
    .max(0, 'there are no addons yet; they come with the part that runs containers')
    .default([]),
  /** Written beside the raw image, its .zst and its block map, which are always there. */
  formats: z.array(z.enum(['raw', ...extraFormats])).default([]),
  /** A directory that `trivet keys create` made, relative to the recipe; the development keys when it is left out. */
  keys: z.string().min(1).optional(),
  /** Left out, a device waits for a trivet.yaml on its boot partition that says which cluster it belongs to. */
  cluster: clusterSchema.optional(),
  /** Who may ask the cluster from afar, by their operator.pub; the key of whoever builds when it is left out. */
  operators: operatorsSchema.optional(),
  agent: agentSchema.prefault({}),
});

export const recipeSchema = recipeFields.superRefine(({ target, architecture, network, data }, context) => {
  const { architectures, hasWifi, hasTpm } = targetOf(target);
  if (network.wifi !== undefined && !hasWifi) {
    const message = `the target ${target} has none: only Raspberry Pi images carry its driver and firmware`;
    context.addIssue({ code: 'custom', path: ['network', 'wifi'], message });
  }
  if (data.encrypt !== undefined && !hasTpm) {
    const message = `the target ${target} has no TPM that could keep the key`;
    context.addIssue({ code: 'custom', path: ['data', 'encrypt'], message });
  }
  const wrong = architecture.find((name) => !architectures.includes(name));
  if (wrong === undefined) return;
  context.addIssue({
    code: 'custom',
    path: ['architecture'],
    message: `${wrong} is no architecture of the target ${target}: it has ${architectures.join(' and ')}`,
  });
});

export type Recipe = z.infer<typeof recipeSchema>;
export type RecipeFile = Recipe['files'][number];
