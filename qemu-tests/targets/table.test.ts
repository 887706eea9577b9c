import t from 'tap';
import { formatTable } from './table.ts';

t.test('formatTable gives a line for each start, and of a failure the first line', async (t) => {
  const table = formatTable([
    { subject: 'cloud-x86_64', way: 'firmware', seconds: 31.6, remark: '' },
    { subject: 'pi', way: 'u-boot', seconds: null, remark: 'waited in vain\nconsole' },
  ]);
  t.equal(table, 'cloud-x86_64  firmware  32 s\npi            u-boot    FAILED  waited in vain\n');
});
