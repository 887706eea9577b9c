/** Service accounts. (pkg/registry/core/serviceaccount) Pure. */
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type { ServiceAccount } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import { serviceAccountName } from '../meta/names.ts';

const enforcing = 'kubernetes.io/enforce-mountable-secrets';

export const serviceAccounts: Strategy = {
  name: serviceAccountName,
  countsGenerations: false,
  hasStatus: false,
  prepareCreate: withNamesOnly,
  prepareUpdate: withNamesOnly,
  warn,
};

/** A secret is of the same namespace, so that there is nothing to say of it but its name. */
function withNamesOnly(object: ApiObject): ApiObject {
  const { secrets } = object as unknown as ServiceAccount;
  return secrets === undefined
    ? object
    : { ...object, secrets: secrets.map(({ name }) => (name === undefined ? {} : { name })) };
}

function warn(object: ApiObject, old: ApiObject | null): readonly string[] {
  const annotationOf = (account: ApiObject | null): string | undefined =>
    (account as unknown as ServiceAccount | null)?.metadata?.annotations?.[enforcing];
  const isNew = annotationOf(object) !== undefined && annotationOf(old) === undefined;
  return isNew
    ? [
        `metadata.annotations[${enforcing}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
      ]
    : [];
}
