import t from 'tap';
import type { NodeStatus } from '../admin/protocol.ts';
import { formatNodes } from './nodes.ts';

const node: NodeStatus = {
  ...{ id: '00112233445566aa', name: 'edge-1', address: '192.0.2.1:7443', role: 'voter', online: true },
  ...{ appliedIndex: 1, lag: 0, version: '1', failureDomain: null, weight: 0 },
};

t.test('formatNodes lists members, those who wait, and the window', async (t) => {
  const applicant = {
    ...{ id: 'ffeeddccbbaa0099', name: 'new', address: '192.0.2.9:7443' },
    ...{ serial: 'abc', approved: false, waitingSeconds: 5 },
  };
  t.equal(
    formatNodes([node], {
      closed: 'enrolment was closed',
      vouchers: false,
      admitted: 3,
      applicants: [applicant],
    }),
    `edge-1  00112233445566aa  192.0.2.1:7443  voter               online
new     ffeeddccbbaa0099  192.0.2.9:7443  waits for approval  serial abc
enrolment: closed, because enrolment was closed (trivet nodes open)`,
  );
  t.match(
    formatNodes([node], { closed: null, vouchers: false, admitted: 3, applicants: [] }),
    /enrolment: open, 3 admitted/,
  );
});
