/** Who is in a batch: names and serial numbers, checked before a key is used. Pure. */
import { dnsLabelSchema } from '../../runtime/config/schema.ts';
import { mostDevices } from '../../runtime/vouchers/manifest.ts';
import { BuildError } from '../build-error.ts';

export interface PlannedDevice {
  readonly name: string | null;
  readonly serial: string | null;
}

export interface BatchWish {
  /** As many as there are serial numbers when it is left out. */
  readonly count: number | undefined;
  /** `pos` gives pos-0001, pos-0002 and so on; without it the machines find names themselves. */
  readonly prefix: string | undefined;
  /** The number of the first name. */
  readonly first: number;
  /** The text of a file: one serial number a line; lines that begin with # are skipped. */
  readonly serials: { readonly file: string; readonly text: string } | null;
}

const shortestNumber = 4;

/** @throws BuildError `usage`, or `factory` for what is wrong with the serial numbers. */
export function planDevices({ count, prefix, first, serials }: BatchWish): PlannedDevice[] {
  const numbers = serials === null ? null : readSerials(serials.text, serials.file);
  const wanted = count ?? numbers?.length;
  if (wanted === undefined)
    throw new BuildError('usage', 'How many devices? Give --count N, or --serials FILE.');
  if (wanted < 1 || wanted > mostDevices)
    throw new BuildError('usage', `--count ${wanted}: a batch has 1 to ${mostDevices} devices.`);
  if (numbers !== null && numbers.length !== wanted)
    throw new BuildError(
      'usage',
      `--count ${wanted}, but ${serials?.file} has ${numbers.length} serial numbers: they must be as many, or leave --count out.`,
    );
  const digits = Math.max(shortestNumber, String(first + wanted - 1).length);
  return Array.from({ length: wanted }, (_, i) => ({
    name: prefix === undefined ? null : nameOf(prefix, first + i, digits),
    serial: numbers?.[i] ?? null,
  }));
}

function nameOf(prefix: string, number: number, digits: number): string {
  const name = `${prefix}-${String(number).padStart(digits, '0')}`;
  if (dnsLabelSchema.safeParse(name).success) return name;
  throw new BuildError(
    'usage',
    `--prefix ${prefix}: "${name}" is no name of a node: up to 63 lower-case letters, digits or hyphens.`,
  );
}

function readSerials(text: string, file: string): string[] {
  const seen = new Map<string, number>();
  text.split(/\r?\n/).forEach((line, index) => {
    const serial = line.trim();
    if (serial === '' || serial.startsWith('#')) return;
    if (!/^[\x20-\x7e]{1,64}$/.test(serial))
      throw new BuildError(
        'factory',
        `${file}, line ${index + 1}: a serial number has 1 to 64 printable ASCII characters.`,
      );
    const before = seen.get(serial);
    if (before !== undefined)
      throw new BuildError(
        'factory',
        `${file}, line ${index + 1}: the serial number ${serial} stands in line ${before} already.`,
      );
    seen.set(serial, index + 1);
  });
  return [...seen.keys()];
}
