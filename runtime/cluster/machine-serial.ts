/** The machine's serial number, as its firmware or its board's device tree names it. Only a name: nothing proves it. */
import { readFileSync } from 'node:fs';

/** In the order in which they are asked. */
const sources = ['/sys/class/dmi/id/product_serial', '/proc/device-tree/serial-number'] as const;

/** What makers leave in who do not number their machines. */
const placeholder =
  /^(0+|none|n\/?a|not (specified|applicable)|to be filled by o\.?e\.?m\.?|default string|system serial number|unknown|oem)$/i;

/** null where there is none. */
export function readMachineSerial(): string | null {
  for (const file of sources) {
    const serial = cleanSerial(readIfPossible(file));
    if (serial !== null) return serial;
  }
  return null;
}

/** null for what is empty, too long, or the same on every machine of a maker. */
export function cleanSerial(text: string): string | null {
  const serial = text.replaceAll('\0', '').trim();
  return /^[\x20-\x7e]{1,64}$/.test(serial) && !placeholder.test(serial) ? serial : null;
}

function readIfPossible(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
