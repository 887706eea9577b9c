import t from 'tap';
import { ApiError, alreadyExists, conflict, forbidden, invalid, notFound, outdated } from './status.ts';

const pods = { group: '', resource: 'pods' };
const deployments = { group: 'apps', resource: 'deployments' };

t.test('errors have the sentences, codes and details of the real server', async (t) => {
  t.same(notFound(deployments, 'web').toStatus(), {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'deployments.apps "web" not found',
    reason: 'NotFound',
    details: { name: 'web', group: 'apps', kind: 'deployments' },
    code: 404,
  });
  t.match(alreadyExists(pods, 'a').toStatus(), {
    message: 'pods "a" already exists',
    reason: 'AlreadyExists',
    details: { name: 'a', kind: 'pods' },
    code: 409,
  });
  t.match(outdated(pods, 'a').toStatus(), {
    message:
      'Operation cannot be fulfilled on pods "a": the object has been modified; please apply your changes to the latest version and try again',
    reason: 'Conflict',
    code: 409,
  });
  t.match(conflict(pods, 'a', 'why').toStatus().message, /on pods "a": why$/);
  t.match(forbidden(pods, 'a', 'why').toStatus(), { message: 'pods "a" is forbidden: why', code: 403 });
  t.match(forbidden({ group: '', resource: '' }, '', 'why').toStatus(), { message: 'forbidden: why' });
});

t.test('invalid names every field', async (t) => {
  const negative = {
    reason: 'FieldValueInvalid',
    field: 'spec.replicas',
    message: 'Invalid value: -1: must be greater than or equal to 0',
  } as const;
  const missing = {
    reason: 'FieldValueRequired',
    field: 'spec.selector',
    message: 'Required value',
  } as const;
  const kind = { group: 'apps', kind: 'Deployment' };
  const one = invalid(kind, 'web', [negative]).toStatus();
  t.equal(
    one.message,
    'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  );
  t.same(one.details, { name: 'web', group: 'apps', kind: 'Deployment', causes: [negative] });
  t.equal(one.code, 422);
  t.match(
    invalid({ group: '', kind: 'Pod' }, 'p', [negative, missing]).message,
    /^Pod "p" is invalid: \[spec\.replicas: .*, spec\.selector: Required value\]$/,
  );
});

t.test('an error without details has none', async (t) => {
  t.notOk('details' in new ApiError('BadRequest', 'no').toStatus());
});

t.test('invalid names a hundred fields, and how many more there are', async (t) => {
  const errors = Array.from({ length: 250 }, (_, index) => ({
    ...{ reason: 'FieldValueRequired', message: 'Required value' },
    field: `spec.f${index}`,
  })) as Parameters<typeof invalid>[2];
  const { message, details } = invalid({ group: '', kind: 'Pod' }, 'p', errors);
  t.match(message, /spec\.f99: Required value, and 150 more errors\]$/);
  t.equal(details?.causes?.length, 100);
});
