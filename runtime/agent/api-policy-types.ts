/** How the objects of every kind look to the expressions of policies: built-in ones by their types, others by their definitions. */
import { typeOfApiType } from '../apiserver/admission/expressions/kind-type.ts';
import type { Type } from '../apiserver/cel/types.ts';
import { typeOfSchema } from '../apiserver/custom-resources/rules/schema-type.ts';
import type { Kinds } from '../apiserver/handlers/kinds.ts';
import { decodeFromStore } from '../apiserver/objects/object-bytes.ts';
import type { Resource } from '../apiserver/resources/resource.ts';
import type { ValidatingAdmissionPolicy } from '../apiserver/schemas/generated/types/api-admissionregistration-v1.ts';
import type { CustomResourceDefinition } from '../apiserver/schemas/generated/types/apiextensions-v1.ts';
import type { ApiType, GroupVersionKind, Registry } from '../apiserver/schemas/registry.ts';
import type { CheckPolicy } from '../controllers/admission-policies/check-policies.ts';
import {
  checkPolicyTypes,
  type KindsOf,
  kindsOfPolicy,
  type SeenKind,
} from '../resources/admissionregistration/policy-types.ts';

/** Rejects while the definitions cannot be read. */
export function policyChecker(registry: Registry, kinds: Kinds): CheckPolicy {
  const all = (): readonly Resource[] => kinds.groupVersions.flatMap(({ resources }) => resources);
  const kindsOf: KindsOf = (group, version, resource) =>
    all().filter(
      (one) => (group === '' || one.group === group) && one.version === version && one.resource === resource,
    );
  const typeOf = async (wanted: GroupVersionKind): Promise<Type | null> => {
    const { group, version, kind } = wanted;
    const found = all().find((one) => one.group === group && one.version === version && one.kind === kind);
    if (found === undefined) return null;
    if (found.isCustom === true) return await customType(registry, kinds, found);
    const type = registry.kind(wanted);
    return type === null ? null : typeOfApiType(type);
  };
  return async (object) => {
    const policy = object as unknown as ValidatingAdmissionPolicy;
    const named = kindsOfPolicy(policy, kindsOf);
    const params = named.params === null ? null : await typeOf(named.params);
    const found = await Promise.all(named.objects.map(async (kind) => ({ kind, type: await typeOf(kind) })));
    const seen = found.filter((one): one is SeenKind => one.type !== null);
    return checkPolicyTypes(policy, seen, params);
  };
}

const definitions = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  resource: 'customresourcedefinitions',
} as const;
const metadataType = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

async function customType(registry: Registry, kinds: Kinds, resource: Resource): Promise<Type | null> {
  const ofDefinitions = kinds.served(kinds.resource(definitions) as Resource);
  const stored = await ofDefinitions.objects.get(`${resource.resource}.${resource.group}`);
  if (stored === null) return null;
  const { spec } = decodeFromStore(stored.bytes, stored.revision) as unknown as CustomResourceDefinition;
  const served = spec?.versions?.find(({ name }) => name === resource.version);
  const schema = served?.schema?.openAPIV3Schema;
  const type = schema === undefined ? null : typeOfSchema(schema, true);
  if (type?.kind !== 'object') return type;
  // Rules of the schema itself see less of the metadata than policies do.
  const metadata = typeOfApiType(registry.type(metadataType) as ApiType);
  const fields = new Map([...type.fields, ['metadata', { property: 'metadata', type: metadata }]]);
  return { ...type, name: resource.kind, fields };
}
