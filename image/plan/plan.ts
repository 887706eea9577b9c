/**
 * What will be built, as plain data, before anything is: names, packages, partitions, command line, the device's
 * configuration. A pure function of the recipe.
 */
import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { type Architecture, type ArchitectureName, architectureOf } from '../architecture.ts';
import { basePackages } from '../packages/base-packages.ts';
import type { ParsedRecipe } from '../recipe/parse.ts';
import type { RecipeFile } from '../recipe/schema.ts';
import { type Target, targetOf } from '../targets.ts';
import { networkFiles, timeFiles } from './network-files.ts';
import type { PlannedFile, PlannedLink } from './planned-file.ts';

export interface ImagePlan {
  readonly name: string;
  readonly version: string;
  readonly architecture: Architecture;
  readonly target: Target;
  /** Without an extension. */
  readonly fileName: string;
  /** Debian's archive areas that packages come from. */
  readonly components: readonly string[];
  readonly basePackages: readonly string[];
  readonly extraPackages: readonly string[];
  readonly enabledUnits: readonly string[];
  /** What follows from the recipe's settings. */
  readonly settings: readonly PlannedFile[];
  readonly links: readonly PlannedLink[];
  /** PEM files, relative to the recipe. */
  readonly certificates: readonly string[];
  readonly updates: { readonly source: string | null; readonly healthSeconds: number };
  readonly files: readonly RecipeFile[];
  /** Kernel modules beside those of the target. */
  readonly extraModules: readonly string[];
  /** How the data partition is encrypted; left out where it is not. */
  readonly dataEncryption?: 'tpm2';
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

/** @param architectureName one of the recipe's; the first when left out. */
export function planImage(
  { recipe, written }: ParsedRecipe,
  builderVersion: string,
  architectureName: ArchitectureName = recipe.architecture[0]!,
): ImagePlan {
  const architecture = architectureOf(architectureName);
  const target = targetOf(recipe.target);
  const version = recipe.version ?? builderVersion;
  // A recipe for several architectures is several images, and an update of one must never go into the other.
  const name = recipe.architecture.length > 1 ? `${recipe.name}-${architecture.name}` : recipe.name;
  const sizes = sizesOf(recipe, target, architecture);
  const wifi = recipe.network.wifi !== undefined;
  const { encrypt } = recipe.data;
  return {
    name,
    version,
    architecture,
    target,
    fileName: `trivet-${name}-${version}`,
    components: [...new Set(['main', ...target.components, ...recipe.debian.components])],
    basePackages: basePackages(
      architecture,
      target,
      recipe.kernel.flavour ?? target.kernelFlavour,
      encrypt !== undefined,
    ),
    extraPackages: [...recipe.packages, ...(wifi ? wifiParts.packages : [])].sort(),
    enabledUnits: recipe.enable,
    settings: settings(recipe),
    links: wifi ? wifiParts.links : [],
    certificates: recipe.certificates,
    updates: { source: recipe.update.source ?? null, healthSeconds: recipe.update.healthSeconds },
    files: recipe.files,
    extraModules: [...recipe.kernel.modules, ...(wifi ? wifiParts.modules : [])],
    ...(encrypt === undefined ? {} : { dataEncryption: encrypt }),
    commandLine: commandLine(recipe.console ?? target.consoles(architecture), recipe.kernel.commandLine),
    espBytes: sizes.esp,
    slotBytes: sizes.slot,
    verityBytes: verityBytes(sizes.slot),
    configuration: configuration(written),
    osRelease: osRelease(name, version),
    sourceDateEpoch,
  };
}

/** A Raspberry Pi's. */
const wifiParts = {
  packages: ['wpasupplicant', 'wireless-regdb', 'firmware-brcm80211'],
  // The driver asks for the vendor's part by name while it starts; nothing in the module files says so.
  modules: ['brcmfmac', 'brcmfmac-wcc', 'brcmfmac-cyw', 'brcmfmac-bca'],
  links: [
    // What the package's maintainer script makes by update-alternatives: which channels a country allows.
    ...['regulatory.db', 'regulatory.db.p7s'].map((name) => ({
      path: `/usr/lib/firmware/${name}`,
      target: `${name}-debian`,
    })),
    // Started by the radio, not by multi-user.target: a machine whose radio does not come must not wait for it.
    {
      path: '/usr/lib/systemd/system/sys-subsystem-net-devices-wlan0.device.wants/wpa_supplicant@wlan0.service',
      target: '../wpa_supplicant@.service',
    },
  ],
} as const;

function settings(recipe: ParsedRecipe['recipe']): readonly PlannedFile[] {
  const files = [...networkFiles(recipe.network), ...timeFiles(recipe.time.servers)];
  // The initrd reads it.
  files.push({ path: '/usr/lib/trivet/hostname', content: `${recipe.hostname}\n` });
  const consoles = recipe.agent.admin?.consoles ?? [];
  if (consoles.length > 0) {
    // The agent may open no device but these.
    const lines = consoles.map((device) => `DeviceAllow=${device} rw\n`);
    const content = `[Service]\n${lines.join('')}`;
    files.push({ path: '/usr/lib/systemd/system/trivet.service.d/consoles.conf', content });
  }
  if (recipe.data.maxSize !== undefined) {
    const content = `[Partition]\nSizeMaxBytes=${recipe.data.maxSize}\n`;
    files.push({ path: '/usr/lib/repart.d/50-data.conf.d/recipe.conf', content });
  }
  if (recipe.data.encrypt !== undefined) {
    // For whom the machine writes its recovery key down.
    const content = `${JSON.stringify(recipe.operators ?? [])}\n`;
    files.push({ path: '/usr/lib/trivet/recovery-operators.json', content });
  }
  return files;
}

/**
 * The last console is the one that /dev/console is. A panic restarts the machine after ten seconds, so that boot
 * counting can do its work; one network card is eth0 whatever bus it is on; no colours, since what reads a console is
 * often a file.
 */
function commandLine(consoles: readonly string[], addition: string): string {
  const words = [
    ...[...consoles.map((name) => `console=${name}`), 'quiet', 'loglevel=4', 'panic=10'],
    ...['systemd.show_status=auto', 'TERM=dumb', 'net.ifnames=0', addition.trim()],
  ];
  return words.filter((word) => word !== '').join(' ');
}

function sizesOf(
  recipe: ParsedRecipe['recipe'],
  target: Target,
  architecture: Architecture,
): { readonly esp: number; readonly slot: number } {
  const { esp, slot } = target.defaultSizes(architecture);
  return { esp: recipe.sizes.esp ?? esp * mebibyte, slot: recipe.sizes.slot ?? slot * mebibyte };
}

/** Hashes of 32 bytes for blocks of 4096, and of those in turn: under a hundredth; whole mebibytes. */
function verityBytes(slotBytes: number): number {
  return Math.ceil(slotBytes / 100 / mebibyte + 1) * mebibyte;
}

function configuration(written: Readonly<Record<string, unknown>>): string {
  const agent = (written.agent ?? {}) as Record<string, unknown>;
  const head = '# Made from the recipe by trivet build. `trivet config` shows what is in force.\n';
  const cluster = written.cluster === undefined ? {} : { cluster: written.cluster };
  const operators = written.operators === undefined ? {} : { operators: written.operators };
  const all = { ...cluster, ...operators, ...agent };
  return Object.keys(all).length === 0 ? `${head}{}\n` : head + stringify(all);
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
