import t from 'tap';
import { architectureNames, architectureOf } from './architecture.ts';
import { readModuleList } from './root/module-list.ts';
import { targetNames, targetOf } from './targets.ts';

t.test('every target has modules of its own for each of its architectures', async (t) => {
  const foreign = { target: { name: 'none' as 'cloud' }, architecture: { name: 'none' as 'arm64' } };
  const common = await readModuleList(foreign, []);
  for (const target of targetNames.map(targetOf)) {
    t.ok(target.architectures.length > 0, target.name);
    for (const name of target.architectures) {
      const { names } = await readModuleList({ target, architecture: architectureOf(name) }, []);
      t.ok(names.length > common.names.length, `${target.name}/${name}`);
    }
  }
});

t.test('every architecture has a target, and every target the console of its boards', async (t) => {
  for (const name of architectureNames) {
    const architecture = architectureOf(name);
    const targets = targetNames.map(targetOf).filter((target) => target.architectures.includes(name));
    t.ok(targets.length > 0, name);
    for (const target of targets) {
      const consoles = target.consoles(architecture).map((one) => one.split(',')[0]);
      t.ok(consoles.includes('tty0'), `${target.name}/${name}`);
      t.ok(consoles.includes(architecture.console), `${target.name}/${name}: ${architecture.console}`);
    }
  }
});

t.test('a cloud’s machine speaks on its serial port, a computer on its screen', async (t) => {
  t.equal(targetOf('cloud').consoles(architectureOf('x86_64')).at(-1), 'ttyS0');
  t.equal(targetOf('cloud').consoles(architectureOf('arm64')).at(-1), 'ttyAMA0');
  t.equal(targetOf('generic').consoles(architectureOf('x86_64')).at(-1), 'tty0');
});

t.test('the boot partitions of the two boot chains have types of their own', async (t) => {
  // What looks at an image tells them apart by it.
  const types = new Map(targetNames.map(targetOf).map((one) => [one.bootPartitionType, one.bootChain]));
  t.equal(types.size, 2);
  t.same([...new Set(types.values())].sort(), ['systemd-boot', 'u-boot']);
});
