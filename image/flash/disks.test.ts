/** Decisions over recorded machines: a laptop with LUKS and LVM, a server with an array and btrfs, this kind of virtual one. */
import t from 'tap';
import { chooseDisk } from './choose-place.ts';
import {
  type BlockFacts,
  candidates,
  findDisks,
  type MachineFacts,
  parseMounts,
  refusalOf,
} from './disks.ts';

const gibibyte = 2 ** 30;
const pci = '/sys/devices/pci0000:00';

function block(name: string, device: string, facts: Partial<BlockFacts> = {}): BlockFacts {
  return {
    ...{ name, device, sizeBytes: 32 * gibibyte, sectorBytes: 512, isReadOnly: false, isRemovable: false },
    ...{
      partitionOf: null,
      slaves: [],
      backingDevice: null,
      sysPath: `/sys/devices/virtual/block/${name}`,
      model: '',
    },
    ...facts,
  };
}

function partition(name: string, device: string, disk: string): BlockFacts {
  return block(name, device, { partitionOf: disk, sizeBytes: gibibyte });
}

const stick = {
  isRemovable: true,
  model: 'SanDisk Ultra',
  sysPath: `${pci}/0000:00:14.0/usb2/2-1/2-1:1.0/host4/block/sdb`,
};
const swapHeader = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';

/** Debian's installer with "encrypted LVM"; a stick, a card reader without a card, an SD card, an eMMC, a USB disk. */
const laptop: MachineFacts = {
  blocks: [
    block('nvme0n1', '259:0', {
      model: 'Samsung SSD 980',
      sysPath: `${pci}/0000:00:1d.0/nvme/nvme0/nvme0n1`,
      sizeBytes: 512 * gibibyte,
    }),
    partition('nvme0n1p1', '259:1', 'nvme0n1'),
    partition('nvme0n1p3', '259:3', 'nvme0n1'),
    block('dm-0', '254:0', { slaves: ['nvme0n1p3'] }),
    block('dm-1', '254:1', { slaves: ['dm-0'] }),
    block('dm-2', '254:2', { slaves: ['dm-0'] }),
    block('sda', '8:0', {
      sizeBytes: 2000 * gibibyte,
      model: 'WD Elements',
      sysPath: `${pci}/0000:00:14.0/usb1/1-2/block/sda`,
    }),
    partition('sda1', '8:1', 'sda'),
    block('sdb', '8:16', stick),
    partition('sdb1', '8:17', 'sdb'),
    block('sdc', '8:32', { ...stick, model: 'Card Reader', sizeBytes: 0 }),
    block('mmcblk0', '179:0', {
      sysPath: `${pci}/0000:02:00.0/mmc_host/mmc0/mmc0:aaaa/block/mmcblk0`,
      model: 'SC32G',
    }),
    block('mmcblk0boot0', '179:8', {
      sysPath: `${pci}/0000:02:00.0/mmc_host/mmc0/mmc0:aaaa/block/mmcblk0boot0`,
    }),
    block('sr0', '11:0', { isRemovable: true }),
    block('loop0', '7:0', { backingDevice: '254:1' }),
    block('zram0', '253:0'),
  ],
  mountInfo: [
    '22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/mapper/vg-root rw',
    '30 22 259:1 / /boot/efi rw - vfat /dev/nvme0n1p1 rw',
    '31 22 7:0 / /snap/core ro - squashfs /dev/loop0 ro',
    '40 22 8:1 / /media/anna/my\\040disk rw,nosuid - ext4 /dev/sda1 rw',
    '41 22 0:21 / /proc rw - proc proc rw',
    'a line that is none',
  ].join('\n'),
  swaps: `${swapHeader}/dev/dm-2                               partition\t1000\t0\t-2\n/swapfile file 1 0 -3\n`,
  resolved: {
    '/dev/mapper/vg-root': 'dm-1',
    '/dev/nvme0n1p1': 'nvme0n1p1',
    '/dev/loop0': 'loop0',
    '/dev/sda1': 'sda1',
    '/dev/dm-2': 'dm-2',
  },
  pooled: [],
};

/** Swap on an array of two disks, and btrfs over two more, of which mountinfo names one. */
const server: MachineFacts = {
  blocks: [
    ...['sda', 'sdb', 'sdc', 'sdd', 'sde'].map((name, index) =>
      block(name, `8:${index * 16}`, {
        isRemovable: true,
        sysPath: `${pci}/0000:00:1f.2/ata${index}/block/${name}`,
      }),
    ),
    partition('sda1', '8:1', 'sda'),
    partition('sdb1', '8:17', 'sdb'),
    block('md0', '9:0', { slaves: ['sda1', 'sdb1'] }),
    block('dm-0', '254:0', { slaves: ['sde'] }),
  ],
  mountInfo: '25 1 0:33 /@ / rw - btrfs /dev/sdc rw,subvol=/@',
  swaps: `${swapHeader}/dev/md0 partition 1000 0 -2\n`,
  resolved: { '/dev/sdc': 'sdc', '/dev/md0': 'md0' },
  pooled: ['sdc', 'sdd'],
};

function refusal(facts: MachineFacts, name: string, force = false): string | null {
  const disk = findDisks(facts).find((candidate) => candidate.name === name);
  return disk ? refusalOf(disk, { force }) : 'no disk';
}

t.test('candidates offers what is plugged in and free', async (t) => {
  t.same(
    candidates(findDisks(laptop)).map(({ path, bus, model }) => [path, bus, model]),
    [
      ['/dev/sdb', 'USB', 'SanDisk Ultra'],
      ['/dev/mmcblk0', 'SD/MMC', 'SC32G'],
    ],
  );
  t.same(candidates(findDisks(server)), []);
});

t.test('refusalOf never lets go of a disk that the system lies on, whatever is between', async (t) => {
  for (const force of [false, true]) {
    t.match(
      refusal(laptop, 'nvme0n1', force),
      /holds parts of the running system \(\/, \/boot\/efi, \/snap\/core, swap\)/,
    );
    t.match(refusal(server, 'sda', force), /running system \(swap\)/, 'one leg of an array');
    t.match(refusal(server, 'sdb', force), /running system \(swap\)/, 'and the other');
    t.match(refusal(server, 'sdc', force), /running system \(\/, btrfs\)/);
    t.match(refusal(server, 'sdd', force), /running system \(btrfs\)/, 'which mountinfo does not name');
  }
});

t.test('refusalOf says what to do about disks in use', async (t) => {
  t.equal(
    refusal(laptop, 'sda', true),
    "/dev/sda is mounted (/media/anna/my disk). Unmount it first: umount '/media/anna/my disk'",
  );
  t.match(refusal(server, 'sde', true), /in use by dm-0 \(an open LUKS, LVM or RAID volume\)/);
  t.match(refusal(laptop, 'sdc', true), /no medium/);
  const readOnly = { ...laptop, blocks: [block('sdb', '8:16', { ...stick, isReadOnly: true })] };
  t.match(refusal(readOnly, 'sdb', true), /can only be read/);
  const large = { ...laptop, blocks: [block('sdb', '8:16', { ...stick, sectorBytes: 4096 })] };
  t.match(refusal(large, 'sdb', true), /sectors of 4096 bytes/);
});

t.test('refusalOf wants --force for a disk that stays in the machine', async (t) => {
  const facts = {
    ...laptop,
    blocks: [...laptop.blocks, block('sdx', '65:0', { model: 'Spare', sysPath: `${pci}/ata9/block/sdx` })],
  };
  t.match(refusal(facts, 'sdx'), /^\/dev\/sdx \(Spare\) is no removable disk\. With --force/);
  t.equal(refusal(facts, 'sdx', true), null);
  t.equal(refusal(laptop, 'mmcblk0'), null);
});

t.test('chooseDisk takes whole disks only', async (t) => {
  t.throws(() => chooseDisk('/dev/sdb1', laptop, true), { message: /is a partition.*Name \/dev\/sdb\.$/ });
  for (const name of ['dm-1', 'zram0', 'sr0', 'mmcblk0boot0', 'md0', 'nothing'])
    t.throws(
      () => chooseDisk(`/dev/${name}`, laptop, true),
      { message: /is no disk that an image can be written to/ },
      name,
    );
  t.throws(() => chooseDisk('/dev/nvme0n1', laptop, true), { code: 'device', message: /never written/ });
  t.same(chooseDisk('/dev/sdb', laptop, false), {
    ...{ path: '/dev/sdb', description: '/dev/sdb (SanDisk Ultra, USB, 32.0 GiB)' },
    ...{ diskBytes: 32 * gibibyte, isNew: false },
  });
});

t.test('parseMounts reads what the kernel escapes', async (t) => {
  t.same(parseMounts(laptop.mountInfo)[3], {
    device: '8:1',
    source: '/dev/sda1',
    mountPoint: '/media/anna/my disk',
  });
  t.equal(parseMounts('36 35 98:0 /a /b rw master:1 shared:2 - ext3 /dev/root rw')[0]?.source, '/dev/root');
});
