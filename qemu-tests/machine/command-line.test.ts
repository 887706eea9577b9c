import t from 'tap';
import { formatCommand, type QemuOptions, qemuArguments } from './command-line.ts';

const options: QemuOptions = {
  ...{
    name: 'n1',
    board: { machine: 'q35', processor: 'max', tpmDevice: 'tpm-crb' },
    accelerator: 'tcg',
    memoryMebibytes: 512,
    diskFile: '/tmp/a,b/n1.qcow2',
    writeLogFile: null,
  },
  ...{ networkSocket: '/tmp/x/n1.net', macAddress: '52:54:00:00:00:01' },
  boot: { kind: 'firmware', codeFile: '/usr/share/code.fd', variablesFile: '/tmp/x/n1.vars' },
};

t.test('qemuArguments boots through firmware, with the variables writable', async (t) => {
  const line = qemuArguments(options).join(' ');
  t.match(line, 'if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/code.fd');
  t.match(line, 'if=pflash,unit=1,format=raw,file=/tmp/x/n1.vars');
  t.notMatch(line, '-kernel');
});

t.test('qemuArguments lets only firmware with Secure Boot write its variables', async (t) => {
  const boot = { ...options.boot, protectsVariables: true } as QemuOptions['boot'];
  const line = qemuArguments({ ...options, boot }).join(' ');
  t.match(line, /-M q35,\S*smm=on/);
  t.match(line, '-global driver=cfi.pflash01,property=secure,value=on');
  t.notMatch(qemuArguments(options).join(' '), 'secure=on');
});

t.test('qemuArguments gives a machine another clock and words of its firmware', async (t) => {
  t.match(qemuArguments(options).join(' '), '-rtc base=utc ');
  const line = qemuArguments({
    ...options,
    ...{ clock: '1970-01-01T00:00:00', firmwareStrings: ['a:b=c,d'] },
  });
  t.match(line.join(' '), '-rtc base=1970-01-01T00:00:00 ');
  t.match(line.join(' '), '-smbios type=11,value=a:b=c,,d ');
});

t.test('qemuArguments boots a kernel directly', async (t) => {
  const boot = { kind: 'direct', kernelFile: '/k', initrdFile: '/i', commandLine: 'quiet a=b' } as const;
  const line = qemuArguments({ ...options, boot });
  t.equal(line[line.indexOf('-append') + 1], 'quiet a=b');
  t.notOk(line.some((word) => word.includes('pflash')));
});

t.test('qemuArguments doubles commas in paths and honours flushes of the guest', async (t) => {
  const drive = qemuArguments(options).find((word) => word.includes('id=disk'));
  t.match(drive, 'file=/tmp/a,,b/n1.qcow2');
  t.match(drive, 'cache=writeback');
});

t.test('qemuArguments records writes and flushes where that is wanted', async (t) => {
  const line = qemuArguments({ ...options, writeLogFile: '/tmp/a,b/n1.writes' }).join(' ');
  t.match(line, 'node-name=writes,driver=file,cache.no-flush=on,filename=/tmp/a,,b/n1.writes');
  t.match(line, 'node-name=disk,driver=blklogwrites,file=overlay,log=writes');
  t.notMatch(line, 'if=none');
});

t.test('qemuArguments leaves the network card out without a switch', async (t) => {
  t.notOk(qemuArguments({ ...options, networkSocket: null }).some((word) => word.includes('net')));
});

t.test('formatCommand quotes what a shell would split', async (t) => {
  t.equal(
    formatCommand('qemu', ['-append', "a b='c'", '-m', '512']),
    "qemu -append 'a b='\\''c'\\''' -m 512",
  );
});

t.test('qemuArguments makes the disk an SD card where that is wanted', async (t) => {
  const line = qemuArguments({ ...options, diskBus: 'sd-card' }).join(' ');
  t.match(line, '-device sdhci-pci -device sd-card,drive=disk');
  t.notMatch(line, 'virtio-blk-pci');
  t.match(qemuArguments(options).join(' '), '-device virtio-blk-pci,drive=disk,bootindex=1');
});

t.test('qemuArguments gives a machine without a switch a network that leads nowhere', async (t) => {
  const line = qemuArguments({ ...options, networkSocket: null, ownNetwork: true }).join(' ');
  t.match(line, '-netdev user,id=net,restrict=on -device virtio-net-pci,netdev=net,');
});

t.test('qemuArguments gives a machine the TPM that is there', async (t) => {
  const line = qemuArguments({ ...options, tpmSocket: '/tmp/a,b/n1.tpm' }).join(' ');
  t.match(line, '-chardev socket,id=tpm-process,path=/tmp/a,,b/n1.tpm');
  t.match(line, '-tpmdev emulator,id=tpm,chardev=tpm-process -device tpm-crb,tpmdev=tpm');
  t.notMatch(qemuArguments(options).join(' '), 'tpm');
});
