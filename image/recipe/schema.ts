/**
 * What a recipe may say. The cluster section and the agent's settings are the runtime's own schema, so that the builder
 * refuses what a device would refuse at boot.
 */
import * as z from 'zod';
import { clusterSchema, configSchema } from '../../runtime/config/schema.ts';
import { imageArchitectureNames } from '../architecture.ts';
import { extraFormats } from '../formats/names.ts';

/** Where an image will run; each decides about kernel and boot loader. */
export const targetNames = ['cloud'] as const;

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
    /** Relative to the recipe. */
    source: z.string().min(1).optional(),
    mode: z
      .string()
      .regex(/^0[0-7]{3}$/, 'must be four octal digits in quotes, such as "0644"')
      .default('0644'),
  })
  .refine((file) => (file.content === undefined) !== (file.source === undefined), {
    message: 'needs either "content" or "source"',
  });

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

export const recipeSchema = z.strictObject({
  name: imageName,
  version: z
    .string()
    .regex(
      /^[0-9A-Za-z][0-9A-Za-z.~-]{0,31}$/,
      'must be up to 32 letters, digits, dots, hyphens or ~, in quotes',
    )
    .optional(),
  architecture: z.enum(imageArchitectureNames),
  target: z.enum(targetNames),
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
    })
    .prefault({}),
  sizes: z
    .strictObject({
      esp: sizeSchema.prefault('96M'),
      slot: sizeSchema.prefault('192M'),
    })
    .prefault({}),
  /** Written beside the raw image, its .zst and its block map, which are always there. */
  formats: z.array(z.enum(['raw', ...extraFormats])).default([]),
  cluster: clusterSchema,
  agent: agentSchema.prefault({}),
});

export type Recipe = z.infer<typeof recipeSchema>;
export type RecipeFile = Recipe['files'][number];
