import t from 'tap';
import { closure, parseDependencies } from './modules.ts';

const dependencies = parseDependencies(
  [
    'kernel/a.ko.xz: kernel/b.ko.xz kernel/c-d.ko.xz',
    'kernel/b.ko.xz: kernel/c-d.ko.xz',
    'kernel/c-d.ko.xz:',
    '',
  ].join('\n'),
);

t.test('parseDependencies gives what a module needs in the order of loading', async (t) => {
  t.same(dependencies.get('kernel/a.ko.xz'), ['kernel/c-d.ko.xz', 'kernel/b.ko.xz']);
  t.same(dependencies.get('kernel/c-d.ko.xz'), []);
});

t.test('closure follows dependencies and soft dependencies', async (t) => {
  t.same(closure(dependencies, new Map(), ['b'], ''), ['kernel/b.ko.xz', 'kernel/c-d.ko.xz']);
  t.same(closure(dependencies, new Map([['c_d', ['b']]]), ['c_d'], ''), [
    'kernel/b.ko.xz',
    'kernel/c-d.ko.xz',
  ]);
});

t.test(
  'closure takes - and _ in names as one, and asks no file for what the kernel has built in',
  async (t) => {
    t.same(closure(dependencies, new Map(), ['c_d', 'virtio-pci'], 'kernel/virtio_pci.ko\n'), [
      'kernel/c-d.ko.xz',
    ]);
  },
);

t.test('closure names a module the kernel does not have', async (t) => {
  t.throws(() => closure(dependencies, new Map(), ['gone'], ''), {
    code: 'packages',
    message: /no module "gone"/,
  });
});
