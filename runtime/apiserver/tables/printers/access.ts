/** Configuration, credentials, and who may do what. Pure. */
import { isSet, listAt, numberAt, objectAt, stringAt } from '../../objects/read-path.ts';
import { conditionOf } from '../format.ts';
import { humanDuration } from '../human-duration.ts';
import { age, column, name, printer, text, wide } from '../printer.ts';

function entryCount(object: unknown, ...fields: readonly string[]): number {
  return fields.reduce((sum, field) => sum + Object.keys(objectAt(object, field)).length, 0);
}

export const configMaps = printer([
  name,
  column('Data', (object) => entryCount(object, 'data', 'binaryData')),
  age,
]);

export const secrets = printer([
  name,
  text('Type', 'type'),
  column('Data', (object) => entryCount(object, 'data')),
  age,
]);

export const serviceAccounts = printer([
  name,
  column('Secrets', (object) => listAt(object, 'secrets').length),
  age,
]);

/** Of roles and of cluster roles. */
export const roleBindings = printer([
  name,
  column('Role', (object) => `${stringAt(object, 'roleRef', 'kind')}/${stringAt(object, 'roleRef', 'name')}`),
  age,
  wide('Users', (object) => subjects(object, 'User')),
  wide('Groups', (object) => subjects(object, 'Group')),
  wide('ServiceAccounts', (object) => subjects(object, 'ServiceAccount')),
]);

export const certificateSigningRequests = printer([
  name,
  age,
  column('SignerName', (object) => stringAt(object, 'spec', 'signerName') || '<none>'),
  text('Requestor', 'spec.username'),
  column('RequestedDuration', (object) =>
    isSet(object, 'spec', 'expirationSeconds')
      ? humanDuration(numberAt(object, 'spec', 'expirationSeconds') * 1000)
      : '<none>',
  ),
  column('Condition', requestCondition),
]);

function subjects(binding: unknown, kind: string): string {
  return listAt(binding, 'subjects')
    .filter((subject) => stringAt(subject, 'kind') === kind)
    .map((subject) => {
      const isAccount = kind === 'ServiceAccount';
      return (isAccount ? `${stringAt(subject, 'namespace')}/` : '') + stringAt(subject, 'name');
    })
    .join(', ');
}

function requestCondition(request: unknown): string {
  const has = (type: string): boolean => conditionOf(request, type) !== null;
  const words = [has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'];
  if (has('Failed')) words.push('Failed');
  if (stringAt(request, 'status', 'certificate') !== '') words.push('Issued');
  return words.join(',');
}
