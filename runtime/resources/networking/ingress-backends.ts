/** Where an ingress sends requests. (pkg/apis/networking/validation/validation.go) Pure. */
import { dns1035Label, dnsSubdomain, pathSegment } from '../../apiserver/objects/name-rules.ts';
import type {
  HTTPIngressPath,
  IngressBackend,
  IngressServiceBackend,
} from '../../apiserver/schemas/generated/types/api-networking-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue, notSupported, required } from '../field-errors.ts';
import { checkFilledName, checkName, checkPort, when } from '../meta/field-checks.ts';
import { portName } from '../meta/names.ts';

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];
const badSequences = ['//', '/./', '/../', '%2f', '%2F'];
const badEnds = ['/..', '/.'];

export function checkPath(
  { path = '', pathType, backend }: HTTPIngressPath,
  field: string,
): readonly FieldError[] {
  if (pathType === undefined || pathType === null) {
    return [required(`${field}.pathType`, 'pathType must be specified')];
  }
  return [...checkPathText(path, pathType, field), ...checkBackend(backend ?? {}, `${field}.backend`)];
}

function checkPathText(path: string, type: string, field: string): readonly FieldError[] {
  const at = `${field}.path`;
  const isAbsolute = path.startsWith('/');
  const notAbsolute = invalidValue(at, path, 'must be an absolute path');
  switch (type) {
    case 'Exact':
    case 'Prefix':
      return [
        ...when(!isAbsolute, notAbsolute),
        ...badSequences
          .filter((sequence) => path.includes(sequence))
          .map((sequence) => invalidValue(at, path, `must not contain '${sequence}'`)),
        ...badEnds
          .filter((end) => path.endsWith(end))
          .map((end) => invalidValue(at, path, `cannot end with '${end}'`)),
      ];
    case 'ImplementationSpecific':
      return when(path !== '' && !isAbsolute, notAbsolute);
    default:
      return [notSupported(`${field}.pathType`, type, pathTypes)];
  }
}

export function checkBackend({ resource, service }: IngressBackend, field: string): readonly FieldError[] {
  if (resource && service) return [invalidValue(field, '', 'cannot set both resource and service backends')];
  if (resource) return checkReference(resource, `${field}.resource`);
  if (service) return checkService(service, field);
  return [invalidValue(field, '', 'resource or service backend is required')];
}

function checkService({ name, port }: IngressServiceBackend, field: string): FieldError[] {
  return [
    ...checkFilledName(dns1035Label, name, `${field}.service.name`),
    ...checkServicePort(port?.name ?? '', port?.number ?? 0, field),
  ];
}

function checkServicePort(name: string, number: number, field: string): readonly FieldError[] {
  const at = `${field}.service.port`;
  if (name !== '' && number !== 0)
    return [invalidValue(field, '', 'cannot set both port name & port number')];
  if (name !== '') return checkName(portName, name, `${at}.name`);
  if (number !== 0) return checkPort(number, `${at}.number`);
  return [required(field, 'port name or number is required')];
}

/** An object in the same place. */
export function checkReference(reference: Reference, field: string): FieldError[] {
  const { apiGroup, kind = '', name = '' } = reference;
  const filled = (value: string, part: string): readonly FieldError[] =>
    value === ''
      ? [required(`${field}.${part}`, `${part} is required`)]
      : checkName(pathSegment, value, `${field}.${part}`);
  return [
    ...(typeof apiGroup === 'string' ? checkName(dnsSubdomain, apiGroup, `${field}.apiGroup`) : []),
    ...filled(kind, 'kind'),
    ...filled(name, 'name'),
  ];
}

interface Reference {
  readonly apiGroup?: string | undefined;
  readonly kind?: string;
  readonly name?: string;
}
