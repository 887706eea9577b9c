/**
 * Which cloud a machine is in, as its firmware says it. Nobody is asked over the network unless the firmware names a
 * cloud: elsewhere whoever answers at 169.254.169.254 is a stranger. The rules are those of cloud-init's ds-identify. Pure.
 */

/** The files of /sys/class/dmi/id that are looked at. */
export const dmiFields = [
  'sys_vendor',
  'product_name',
  'board_vendor',
  'bios_vendor',
  'product_serial',
  'product_uuid',
  'chassis_asset_tag',
] as const;

export type Dmi = Readonly<Partial<Record<(typeof dmiFields)[number], string>>>;

export type Cloud = 'ec2' | 'gce' | 'azure' | 'openstack';

/** Azure's, on every machine of it, and not on other machines of Hyper-V. */
const azureAssetTag = '7783-7084-3265-9085-8269-3286-77';
const openStackProducts = ['OpenStack Nova', 'OpenStack Compute'];
const openStackAssetTags = [...openStackProducts, 'OpenTelekomCloud', 'SAP CCloud VM', 'HUAWEICLOUD'];

/** Null when it is none that is known. */
export function cloudOf(dmi: Dmi): Cloud | null {
  if (dmi.chassis_asset_tag === azureAssetTag) return 'azure';
  if (dmi.product_name === 'Google Compute Engine' || dmi.product_serial?.startsWith('GoogleCloud-')) {
    return 'gce';
  }
  if (isEc2(dmi)) return 'ec2';
  if (openStackProducts.includes(dmi.product_name ?? '')) return 'openstack';
  if (openStackAssetTags.includes(dmi.chassis_asset_tag ?? '')) return 'openstack';
  return null;
}

/** Nitro machines name their maker; older ones, on Xen, have a serial number that equals their UUID and begins with "ec2". */
function isEc2({ sys_vendor, board_vendor, bios_vendor, product_serial, product_uuid }: Dmi): boolean {
  if ([sys_vendor, board_vendor, bios_vendor].includes('Amazon EC2')) return true;
  const serial = product_serial?.toLowerCase() ?? '';
  return serial.startsWith('ec2') && serial === product_uuid?.toLowerCase();
}
