/** The words of the firmware of machines of each cloud. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Cloud, Dmi } from '../platform.ts';

export const dmiOf: Readonly<Record<Cloud | 'none', Dmi>> = {
  ec2: { sys_vendor: 'Amazon EC2', product_name: 't3.micro', bios_vendor: 'Amazon EC2' },
  gce: { sys_vendor: 'Google', product_name: 'Google Compute Engine', product_serial: 'GoogleCloud-12AB' },
  azure: {
    ...{ sys_vendor: 'Microsoft Corporation', product_name: 'Virtual Machine' },
    chassis_asset_tag: '7783-7084-3265-9085-8269-3286-77',
  },
  openstack: { sys_vendor: 'OpenStack Foundation', product_name: 'OpenStack Nova' },
  none: { sys_vendor: 'QEMU', product_name: 'Standard PC (Q35 + ICH9, 2009)', chassis_asset_tag: '' },
};

/** Fills a directory as /sys/class/dmi/id. */
export function writeDmi(directory: string, dmi: Dmi): void {
  mkdirSync(directory, { recursive: true });
  for (const [field, text] of Object.entries(dmi)) writeFileSync(path.join(directory, field), `${text}\n`);
}
