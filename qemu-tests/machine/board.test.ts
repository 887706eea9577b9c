import t from 'tap';
import { architectureNames } from '../../image/architecture.ts';
import { accelerates } from './accelerator.ts';
import { boardOf } from './board.ts';
import { type QemuOptions, qemuArguments } from './command-line.ts';

t.test('every architecture has a board, with firmware in two parts', async (t) => {
  for (const name of architectureNames) {
    const board = boardOf(name);
    t.match(board.program, /^qemu-system-/);
    t.match(board.firmwareCode, /_CODE/);
    t.match(board.firmwareVariables, /_VARS/);
  }
  t.match(boardOf('arm64'), { program: 'qemu-system-aarch64', firmwarePackage: 'qemu-efi-aarch64' });
  t.match(boardOf('arm64').machine, /^virt,/);
});

t.test('a board is accelerated only by a host of its own architecture', async (t) => {
  const own = architectureNames.map(boardOf).filter((board) => accelerates(board, 'kvm') === 'kvm');
  t.same(
    own.map((board) => board.hostArchitecture),
    [process.arch].filter((name) => name === 'x64' || name === 'arm64'),
  );
  t.equal(accelerates(boardOf('arm64'), 'tcg'), 'tcg');
});

const arm: QemuOptions = {
  ...{ name: 'n1', board: boardOf('arm64'), accelerator: 'tcg', memoryMebibytes: 512 },
  ...{
    diskFile: '/tmp/x/n1.qcow2',
    writeLogFile: null,
    networkSocket: null,
    macAddress: '52:54:00:00:00:01',
  },
  boot: { kind: 'u-boot', file: '/cache/u-boot.bin' },
};

t.test('qemuArguments starts u-boot in place of firmware on an arm64 board', async (t) => {
  const line = qemuArguments(arm).join(' ');
  t.match(line, '-M virt,gic-version=max ');
  t.match(line, '-cpu cortex-a72 ');
  t.match(line, '-bios /cache/u-boot.bin');
  t.notMatch(line, 'pflash');
  t.notMatch(line, '-kernel');
});

t.test('qemuArguments gives an arm64 board UEFI firmware as flash', async (t) => {
  const board = boardOf('arm64');
  const boot = { kind: 'firmware', codeFile: board.firmwareCode, variablesFile: '/tmp/x/n1.vars' } as const;
  const line = qemuArguments({ ...arm, boot }).join(' ');
  t.match(line, `if=pflash,unit=0,format=raw,readonly=on,file=${board.firmwareCode}`);
  t.notMatch(line, '-bios');
});

t.test('qemuArguments takes the processor of the host under KVM', async (t) => {
  const line = qemuArguments({ ...arm, accelerator: 'kvm' }).join(' ');
  t.match(line, '-accel kvm -cpu max ');
});
