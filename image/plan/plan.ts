/**
 * What will be built, as plain data, before anything is: names, packages, partitions, command line, the device's
 * configuration. A pure function of the recipe.
 */
import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { type Architecture, architectureOf } from '../architecture.ts';
import { basePackages } from '../packages/base-packages.ts';
import type { ParsedRecipe } from '../recipe/parse.ts';
import type { RecipeFile } from '../recipe/schema.ts';

export interface ImagePlan {
  readonly name: string;
  readonly version: string;
  readonly architecture: Architecture;
  /** Without an extension. */
  readonly fileName: string;
  readonly basePackages: readonly string[];
  readonly extraPackages: readonly string[];
  readonly enabledUnits: readonly string[];
  readonly files: readonly RecipeFile[];
  /** The command line without what depends on the root's hash. */
  readonly commandLine: string;
  readonly espBytes: number;
  readonly slotBytes: number;
  readonly verityBytes: number;
  /** `/etc/trivet/config.yaml`. */
  readonly configuration: string;
  /** `/usr/lib/os-release`. */
  readonly osRelease: string;
  /** The date of everything in the image, in seconds since 1970. */
  readonly sourceDateEpoch: number;
}

/** Slots and their hashes, data behind them; `disk/` and the initrd know these names. */
export const slotNames = ['a', 'b'] as const;

/** One date for all images: what an image holds, not when it was built, makes its bytes. */
const sourceDateEpoch = Date.UTC(2026, 0, 1) / 1000;

const mebibyte = 1024 * 1024;

export function planImage({ recipe, written }: ParsedRecipe, builderVersion: string): ImagePlan {
  const architecture = architectureOf(recipe.architecture);
  const version = recipe.version ?? builderVersion;
  return {
    name: recipe.name,
    version,
    architecture,
    fileName: `trivet-${recipe.name}-${version}`,
    basePackages: basePackages(architecture),
    extraPackages: [...recipe.packages].sort(),
    enabledUnits: recipe.enable,
    files: recipe.files,
    commandLine: commandLine(architecture, recipe.kernel.commandLine),
    espBytes: recipe.sizes.esp,
    slotBytes: recipe.sizes.slot,
    verityBytes: verityBytes(recipe.sizes.slot),
    configuration: configuration(written),
    osRelease: osRelease(recipe.name, version),
    sourceDateEpoch,
  };
}

/**
 * The last console is the one that /dev/console is. A panic restarts the machine after ten seconds, so that boot
 * counting can do its work; one network card is eth0 whatever bus it is on; no colours, since what reads a console is
 * often a file.
 */
function commandLine(architecture: Architecture, addition: string): string {
  const words = [
    ...['console=tty0', `console=${architecture.console}`, 'quiet', 'loglevel=4', 'panic=10'],
    ...['systemd.show_status=auto', 'TERM=dumb', 'net.ifnames=0', addition.trim()],
  ];
  return words.filter((word) => word !== '').join(' ');
}

/** Hashes of 32 bytes for blocks of 4096, and of those in turn: under a hundredth; whole mebibytes. */
function verityBytes(slotBytes: number): number {
  return Math.ceil(slotBytes / 100 / mebibyte + 1) * mebibyte;
}

function configuration(written: Readonly<Record<string, unknown>>): string {
  const agent = (written.agent ?? {}) as Record<string, unknown>;
  const head = '# Made from the recipe by trivet build. `trivet config` shows what is in force.\n';
  return head + stringify({ cluster: written.cluster, ...agent });
}

function osRelease(name: string, version: string): string {
  return [
    'ID=trivet',
    'ID_LIKE=debian',
    'NAME=Trivet',
    `PRETTY_NAME="Trivet ${version} (${name})"`,
    `VERSION_ID="${version}"`,
    `IMAGE_ID=${name}`,
    `IMAGE_VERSION=${version}`,
    '',
  ].join('\n');
}

/** A UUID that follows from a text: version 8, as RFC 9562 names those of one's own making. */
export function derivedUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
