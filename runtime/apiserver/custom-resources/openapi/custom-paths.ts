/** What can be asked of a custom resource, as OpenAPI's paths: kubectl finds there what a verb takes. Pure. */
import type { Resource, ResourceVerb } from '../../resources/resource.ts';

interface Operation {
  readonly verb: ResourceVerb;
  readonly method: 'get' | 'put' | 'post' | 'patch' | 'delete';
  readonly action: string;
}

const onMany: readonly Operation[] = [
  { verb: 'list', method: 'get', action: 'list' },
  { verb: 'create', method: 'post', action: 'post' },
  { verb: 'deletecollection', method: 'delete', action: 'deletecollection' },
];
const onOne: readonly Operation[] = [
  { verb: 'get', method: 'get', action: 'get' },
  { verb: 'update', method: 'put', action: 'put' },
  { verb: 'delete', method: 'delete', action: 'delete' },
  { verb: 'patch', method: 'patch', action: 'patch' },
];

/** @param name of the schema of its objects */
export function describePaths(resource: Resource, name: string): [string, object][] {
  const { group, version, namespaced, resource: plural, subresources } = resource;
  const root = `/apis/${group}/${version}`;
  const many = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  const all: [string, object][] = namespaced
    ? [[`${root}/${plural}`, describe(resource, onMany.slice(0, 1), resource.verbs, name)]]
    : [];
  const below = subresources.map((part): [string, object] => {
    const operations = onOne.filter(({ verb }) => verb !== 'delete');
    return [`${many}/{name}/${part.name}`, describe(resource, operations, part.verbs, name)];
  });
  return [
    ...all,
    [many, describe(resource, onMany, resource.verbs, name)],
    [`${many}/{name}`, describe(resource, onOne, resource.verbs, name)],
    ...below,
  ];
}

function describe(
  { group, version, kind }: Resource,
  operations: readonly Operation[],
  verbs: readonly ResourceVerb[],
  name: string,
): object {
  const content = { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } };
  return Object.fromEntries(
    operations
      .filter(({ verb }) => verbs.includes(verb))
      .map(({ method, action }) => [
        method,
        {
          parameters: parametersOf(method),
          responses: { '200': { description: 'OK', content } },
          'x-kubernetes-action': action,
          'x-kubernetes-group-version-kind': { group, version, kind },
        },
      ]),
  );
}

const writes: ReadonlySet<string> = new Set(['put', 'post', 'patch']);

function parametersOf(method: Operation['method']): readonly object[] {
  const names = writes.has(method) ? ['dryRun', 'fieldManager', 'fieldValidation'] : [];
  const force = method === 'patch' ? [{ name: 'force', in: 'query', schema: { type: 'boolean' } }] : [];
  return [...names.map((name) => ({ name, in: 'query', schema: { type: 'string' } })), ...force];
}
