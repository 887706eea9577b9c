import t from 'tap';
import { auditSchema } from './audit-schema.ts';

t.test('auditSchema takes a policy as kube-apiserver has it, and fills it in', async (t) => {
  const policy = {
    ...{ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'] },
    rules: [{ level: 'None', verbs: ['watch'] }, { level: 'Metadata' }],
  };
  t.match(auditSchema.parse({ policy }), {
    policy: {
      rules: [
        { level: 'None', users: [], verbs: ['watch'] },
        { level: 'Metadata', resources: [] },
      ],
    },
    ...{ maxSizeBytes: 16_777_216, maxFiles: 4 },
  });
});

t.test('auditSchema refuses what nobody means', async (t) => {
  for (const wrong of [
    { policy: { rules: [] } },
    { policy: { rules: [{ level: 'All' }] } },
    { policy: { rules: [{ level: 'None', verb: ['get'] }] } },
    { policy: { rules: [{ level: 'None' }] }, file: 'audit.log' },
    { policy: { rules: [{ level: 'None' }] }, maxSizeBytes: 1 },
  ]) {
    t.notOk(auditSchema.safeParse(wrong).success, JSON.stringify(wrong));
  }
});
