/** What the files of a batch say. Pure. */
import { stringify } from 'yaml';
import type { BatchDevice, Manifest } from '../../runtime/vouchers/manifest.ts';

export const names = {
  manifest: 'manifest.json',
  signature: 'manifest.json.sig',
  claim: 'claim.json',
  csv: 'devices.csv',
  json: 'devices.json',
  bundles: 'bundles',
  labels: 'labels',
  /** In a bundle: what a device looks for on its boot partition. */
  config: 'trivet.yaml',
} as const;

/** The cluster section of a recipe, as written. */
export type ClusterSection = Readonly<Record<string, unknown>>;

/** A device's own configuration, with all that it needs to know of its cluster, so that any image serves. */
export function bundleText(
  cluster: ClusterSection,
  device: Pick<BatchDevice, 'id' | 'name'>,
  voucher: string,
  batchKey: string,
): string {
  const heading = `# Device ${device.id}${device.name === null ? '' : ` (${device.name})`}. Secret: it admits one machine to the cluster.\n`;
  return (
    heading +
    stringify(
      {
        cluster: {
          ...cluster,
          voucher,
          enrolment: { ...(cluster.enrolment as object | undefined), vouchers: keysOf(cluster, batchKey) },
        },
        ...(device.name === null ? {} : { node: { name: device.name } }),
      },
      { lineWidth: 0 },
    )
  );
}

/** Those that the recipe names, and the batch's own. */
export function keysOf(cluster: ClusterSection, batchKey: string): string[] {
  const named = (cluster.enrolment as { readonly vouchers?: readonly string[] } | undefined)?.vouchers ?? [];
  return [...new Set([...named, batchKey])];
}

export function csvText(devices: readonly BatchDevice[]): string {
  const rows = devices.map(({ id, name, serial, fingerprint }) => [
    id,
    name ?? '',
    serial ?? '',
    fingerprint,
  ]);
  return [['id', 'name', 'serial', 'fingerprint'], ...rows]
    .map((row) => `${row.map(csvCell).join(',')}\r\n`)
    .join('');
}

/** RFC 4180. */
function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function jsonText({ batch, cluster, key, devices }: Manifest): string {
  return `${JSON.stringify({ batch, cluster, key, devices }, null, 2)}\n`;
}
