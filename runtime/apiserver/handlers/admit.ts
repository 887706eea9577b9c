/**
 * Policies before what is made without being stored as such: reviews, bindings, evictions, tokens; and before connections to what
 * runs. (k8s.io/apiserver/pkg/endpoints/handlers: create.go, rest.go ConnectResource)
 */
import type { ApiObject } from '../objects/object-bytes.ts';
import type { Resource } from '../resources/resource.ts';
import type { ApiField } from '../schemas/registry.ts';
import { ApiError } from '../status.ts';
import type { AdmissionRequest } from './admission.ts';
import { placed } from './check-body.ts';
import type { SpecialHandler, SpecialRequest } from './special.ts';
import { readWriteOptions } from './write-options.ts';

export interface Admitted {
  /** As policies have made it. */
  readonly object: ApiObject;
  readonly dryRun: boolean;
  /** To be called when all that the server itself has to say is said. @throws ApiError */
  readonly validate: () => Promise<void>;
  /** Sentences of the policies; more of them after `validate`. */
  readonly warnings: readonly string[];
}

/**
 * Shows an object that a request makes to the policies that change such.
 * @param name '' for what has none. Default: that of the request. @throws ApiError
 */
export async function admitCreate(
  asked: SpecialRequest,
  object: ApiObject,
  name: string = asked.request.info.name,
): Promise<Admitted> {
  const { info, query, userAgent, admission } = asked.request;
  const { dryRun, sent } = readWriteOptions(query, userAgent, 'CreateOptions', null);
  const warnings = new Set<string>();
  const target = { namespace: info.namespace, name: null };
  const request: AdmissionRequest & { readonly object: ApiObject } = {
    ...{ operation: 'CREATE', resource: resourceOf(asked), subresource: info.subresource },
    ...{ namespace: info.namespace, name, object: placed(object, target), old: null, dryRun, options: sent },
    warn: (sentence) => void warnings.add(sentence),
  };
  const admitted = await admission.mutate(request);
  return {
    ...{ object: admitted, dryRun },
    validate: () => admission.validate({ ...request, object: admitted }),
    get warnings() {
      return [...warnings];
    },
  };
}

/** The handler of a connection, which policies can refuse by what it asks for. */
export function connecting(handler: SpecialHandler): SpecialHandler {
  return async (asked) => {
    const { info, admission } = asked.request;
    await admission.validate({
      ...{ operation: 'CONNECT', resource: resourceOf(asked), subresource: info.subresource },
      ...{ namespace: info.namespace, name: info.name, object: optionsOf(asked), old: null },
      ...{ dryRun: false, options: {}, warn: () => {} },
    });
    return await handler(asked);
  };
}

function resourceOf({ kinds, request: { info } }: SpecialRequest): Resource {
  const resource = kinds.resource(info);
  if (resource === null) throw new Error(`there is no resource ${info.resource}`);
  return resource;
}

/** What the query says of a connection, as an object such as `PodExecOptions`. @throws ApiError (400) */
function optionsOf(asked: SpecialRequest): ApiObject {
  const { info, query } = asked.request;
  const { kind } = resourceOf(asked).subresources.find(({ name }) => name === info.subresource) ?? {};
  if (kind === undefined || kind === null) throw new Error(`${info.subresource} has no options`);
  const type = asked.service.registry.kind(kind);
  if (type === null) throw new Error(`there is no schema of ${kind.kind}`);
  const given = type.fields
    .filter(({ json }) => query.has(json))
    .map((field) => [field.json, readField(field, query.getAll(field.json))] as const);
  const hasPath = type.fields.some(({ json }) => json === 'path');
  const path = hasPath && info.rest !== '' ? { path: `/${info.rest}` } : {};
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
  return { kind: kind.kind, apiVersion, ...Object.fromEntries(given), ...path } as unknown as ApiObject;
}

/** As Go reads a query: the first value, where the field is no list. (k8s.io/apimachinery/pkg/runtime/conversion.go) */
function readField({ json, shape, of }: ApiField, values: readonly string[]): unknown {
  const scalar = of.kind === 'scalar' ? of.scalar : 'string';
  if (shape === 'list') return values.map((value) => readScalar(json, scalar, value));
  return readScalar(json, scalar, values[0] ?? '');
}

function readScalar(name: string, scalar: string, value: string): unknown {
  if (scalar === 'string') return value;
  if (scalar === 'bool') return value.toLowerCase() !== 'false' && value !== '0';
  if (/^[+-]?\d+$/.test(value)) return Number(value);
  throw new ApiError('BadRequest', `the parameter ${name} is ${JSON.stringify(value)}, which is no number`);
}
