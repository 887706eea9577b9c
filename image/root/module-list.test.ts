import t from 'tap';
import { architectureOf } from '../architecture.ts';
import { targetNames, targetOf } from '../targets.ts';
import { readModuleList, selectModuleNames } from './module-list.ts';

const rootText = `# comment
all: loop
cloud: ena
generic: e1000
arm64: crc32c_generic
cloud/arm64: sbsa_gwdt
`;
const initrdText = `always x86_64: crc32c-intel
always: dm-verity
watchdog cloud/arm64: sbsa_gwdt
watchdog: softdog
disks cloud: virtio_scsi
`;
const placeOf = (target: 'cloud' | 'generic' | 'raspberry-pi', architecture: 'x86_64' | 'arm64') => ({
  target: { name: target },
  architecture: { name: architecture },
});

t.test('selectModuleNames takes the lines for all, the target, the architecture and both', async (t) => {
  const cloud = selectModuleNames(placeOf('cloud', 'arm64'), rootText, initrdText, []);
  t.same(cloud.names, [
    ...['crc32c_generic', 'dm-verity', 'ena', 'loop', 'sbsa_gwdt', 'softdog', 'virtio_scsi'],
  ]);
  t.same(cloud.stages, {
    always: ['dm-verity'],
    watchdog: ['sbsa_gwdt', 'softdog'],
    disks: ['virtio_scsi'],
  });
  const generic = selectModuleNames(placeOf('generic', 'x86_64'), rootText, initrdText, []);
  t.same(generic.names, ['crc32c-intel', 'dm-verity', 'e1000', 'loop', 'softdog']);
  t.same(generic.stages.disks, []);
});

t.test(
  'selectModuleNames keeps the order of a stage, and puts the recipe’s modules into the root',
  async (t) => {
    const list = selectModuleNames(placeOf('cloud', 'x86_64'), rootText, initrdText, ['zram', 'loop']);
    t.same(list.stages.always, ['crc32c-intel', 'dm-verity']);
    t.ok(list.names.includes('zram'));
    t.equal(list.names.filter((name) => name === 'loop').length, 1, 'a name comes once');
    t.notOk(Object.values(list.stages).flat().includes('zram'));
  },
);

t.test('readModuleList has what every place needs to start, be watched and be reached', async (t) => {
  for (const target of targetNames.map(targetOf)) {
    for (const architecture of target.architectures.map(architectureOf)) {
      const where = `${target.name}/${architecture.name}`;
      const { names, stages } = await readModuleList({ target, architecture }, []);
      for (const name of ['dm-verity', 'erofs', 'ext4'])
        t.ok(stages.always.includes(name), `${where}: ${name}`);
      t.ok(stages.always.indexOf('erofs') > 0, `${where}: checksums come before erofs`);
      t.equal(stages.watchdog.at(-1), 'softdog', `${where}: the watchdog of last resort`);
      t.ok(stages.watchdog.length > 1, `${where}: a watchdog of hardware`);
      t.ok(stages.disks.length > 0, `${where}: disks`);
      for (const name of ['vfat', 'virtio_net']) t.ok(names.includes(name), `${where}: ${name}`);
      for (const name of Object.values(stages).flat())
        t.ok(names.includes(name), `${where}: ${name} of the initrd is in the root`);
      t.same(names, [...new Set(names)].sort());
    }
  }
});

t.test('readModuleList has the drivers that clouds expect', async (t) => {
  for (const name of ['x86_64', 'arm64'] as const) {
    const place = { target: targetOf('cloud'), architecture: architectureOf(name) };
    const { names } = await readModuleList(place, []);
    for (const driver of ['ena', 'gve', 'nvme', 'virtio_scsi', 'hv_netvsc', 'hv_storvsc', 'mana'])
      t.ok(names.includes(driver), `${name}: ${driver}`);
  }
});

t.test('readModuleList has a TPM and a cipher early where data is encrypted, and only there', async (t) => {
  for (const target of targetNames.map(targetOf).filter(({ hasTpm }) => hasTpm)) {
    for (const architecture of target.architectures.map(architectureOf)) {
      const plain = await readModuleList({ target, architecture }, []);
      const list = await readModuleList({ target, architecture, dataEncryption: 'tpm2' }, []);
      for (const name of ['tpm_crb', 'dm-crypt', 'xts']) {
        t.ok(list.stages.always.includes(name), `${target.name}/${architecture.name}: ${name}`);
        t.notOk(plain.names.includes(name));
      }
      t.ok(list.stages.always.some((name) => name.startsWith('tpm_tis')));
      t.notOk(plain.names.some((name) => name.startsWith('tpm_')));
    }
  }
});
