/** Switches a machine on and waits to be killed; prints the process of QEMU. Argument: a directory. */
import { createBlankMachine } from './blank-machine.ts';

const machine = await createBlankMachine(process.argv[2] ?? '.');
await machine.powerOn();
process.stdout.write('on\n');
setInterval(() => {}, 60_000);
