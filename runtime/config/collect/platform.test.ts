import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { cloudOf, type Dmi, dmiFields } from './platform.ts';
import { dmiOf } from './testing/platform.ts';

t.test('cloudOf knows each cloud by its firmware', async (t) => {
  for (const cloud of ['ec2', 'gce', 'azure', 'openstack'] as const) t.equal(cloudOf(dmiOf[cloud]), cloud);
  t.equal(
    cloudOf({ sys_vendor: 'Xen', product_serial: 'ec2e1916-9099', product_uuid: 'EC2E1916-9099' }),
    'ec2',
  );
  t.equal(cloudOf({ product_name: 'Google', product_serial: 'GoogleCloud-0123' }), 'gce');
  t.equal(cloudOf({ product_name: 'OpenStack Compute' }), 'openstack');
  t.equal(cloudOf({ product_name: 'KVM', chassis_asset_tag: 'HUAWEICLOUD' }), 'openstack');
});

t.test(
  'the unit starts the program wherever cloudOf would know a cloud, and not on a common machine',
  async (t) => {
    const unit = readFileSync(path.resolve('image/units/system/trivet-config.service'), 'utf8');
    const conditions = [...unit.matchAll(/^ConditionFirmware=\|smbios-field\((\w+) \$= (\S+)\)$/gm)];
    const starts = (dmi: Dmi): boolean =>
      conditions.some(([, field = '', pattern = '']) =>
        path.matchesGlob(dmi[field as keyof Dmi] ?? '', pattern),
      );
    for (const cloud of ['ec2', 'gce', 'azure', 'openstack'] as const) t.ok(starts(dmiOf[cloud]), cloud);
    const serial = 'ec2e1916-9099';
    t.ok(starts({ product_serial: serial, product_uuid: serial }));
    t.ok(starts({ product_serial: 'GoogleCloud-0123' }));
    for (const tag of [
      'OpenStack Nova',
      'OpenStack Compute',
      'OpenTelekomCloud',
      'SAP CCloud VM',
      'HUAWEICLOUD',
    ])
      t.ok(starts({ chassis_asset_tag: tag }), tag);
    t.notOk(starts(dmiOf.none));
  },
);

t.test('cloudOf takes no other machine for one in a cloud', async (t) => {
  t.equal(cloudOf({}), null);
  t.equal(cloudOf(dmiOf.none), null);
  t.equal(cloudOf({ sys_vendor: 'Microsoft Corporation', product_name: 'Virtual Machine' }), null, 'Hyper-V');
  t.equal(cloudOf({ product_serial: 'ec2e1916', product_uuid: 'ec2e1917' }), null);
  t.equal(cloudOf({ product_serial: 'PC-1', product_uuid: 'pc-1' }), null);
  fc.assert(
    fc.property(fc.record(Object.fromEntries(dmiFields.map((field) => [field, fc.string()]))), (dmi) => {
      return cloudOf(dmi) === null;
    }),
  );
});
