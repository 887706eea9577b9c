/** Controller revisions. (pkg/apis/apps, pkg/registry/apps/controllerrevision) Pure. */
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { ControllerRevision } from '../../apiserver/schemas/generated/types/api-apps-v1.ts';
import { immutable, notBelowZero } from '../checks/fields.ts';
import { required } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';

export const controllerRevisions = kindStrategy<ControllerRevision>({
  ...{ name: dnsSubdomain, countsGenerations: false, hasStatus: false },
  check: ({ data, revision }) => [
    ...(data === undefined || data === null ? [required('data', 'data is mandatory')] : []),
    ...notBelowZero(revision, 'revision'),
  ],
  checkUpdate: (next, old) => immutable(next.data, old.data, 'data'),
});
