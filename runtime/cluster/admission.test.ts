import t from 'tap';
import { firstRecord, objectToAdmission } from './admission.ts';

const anybody = { serial: null };

t.test('objectToAdmission lets machines in without end where no window is set', async (t) => {
  t.equal(objectToAdmission({}, { ...firstRecord, admitted: 999 }, 1e9, anybody), null);
});

t.test('objectToAdmission counts machines and the hours of the cluster', async (t) => {
  const window = { nodes: 3, hours: 1 };
  t.equal(objectToAdmission(window, { ...firstRecord, admitted: 2 }, 3600, anybody), null);
  t.match(objectToAdmission(window, { ...firstRecord, admitted: 3 }, 0, anybody), /admits 3 machines/);
  t.match(objectToAdmission(window, firstRecord, 3601, anybody), /for 1 hours/);
  const reopened = { openedAt: 7200, admitted: 0, closed: null };
  t.equal(
    objectToAdmission(window, reopened, 7300, anybody),
    null,
    'a window that was opened again begins anew',
  );
});

t.test('objectToAdmission is shut by a person and by a removal', async (t) => {
  t.match(objectToAdmission({}, { ...firstRecord, closed: 'person' }, 0, anybody), /was closed/);
  t.match(objectToAdmission({}, { ...firstRecord, closed: 'removal' }, 0, anybody), /a node was removed/);
});

t.test('objectToAdmission knows serial numbers', async (t) => {
  const window = { serials: ['10000000a1b2c3d4'] };
  t.equal(objectToAdmission(window, firstRecord, 0, { serial: '10000000a1b2c3d4' }), null);
  t.match(objectToAdmission(window, firstRecord, 0, { serial: 'other' }), /this machine has other/);
  t.match(objectToAdmission(window, firstRecord, 0, anybody), /this machine has none/);
});
