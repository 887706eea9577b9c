import t from 'tap';
import { cleanSerial } from './machine-serial.ts';

t.test('cleanSerial takes what names a machine', async (t) => {
  t.equal(cleanSerial('10000000a1b2c3d4\0'), '10000000a1b2c3d4', 'a device tree ends it by a zero byte');
  t.equal(cleanSerial('VMware-56 4d 0a\n'), 'VMware-56 4d 0a');
});

t.test('cleanSerial takes nothing that every machine of a maker has', async (t) => {
  for (const text of [
    '',
    '\n',
    '0',
    '0000',
    'None',
    'To be filled by O.E.M.',
    'Default string',
    'Not Specified',
    'é',
    'x'.repeat(65),
  ])
    t.equal(cleanSerial(text), null, JSON.stringify(text));
});
