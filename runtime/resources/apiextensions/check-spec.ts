/** What a definition may say, beside its schemas. (k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation) Pure. */
import { readJsonPath } from '../../apiserver/custom-resources/served/json-path.ts';
import { dns1035Label, dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
} from '../../apiserver/schemas/generated/types/apiextensions-v1.ts';
import { isSameJson, type JsonValue } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue, required } from '../field-errors.ts';
import { checkFilled, checkFilledOneOf, inList, when } from '../meta/field-checks.ts';
import { checkConversion } from './check-conversion.ts';
import { checkSchema } from './check-schema.ts';
import { checkSelectableFields } from './selectable-fields.ts';

export function checkSpec(
  spec: CustomResourceDefinitionSpec,
  old: CustomResourceDefinitionSpec | null,
): readonly FieldError[] {
  const { group, scope, names, conversion } = spec;
  const versions = spec.versions ?? [];
  const stored = versions.filter(({ storage }) => storage).length;
  const isUnique = new Set(versions.map(({ name }) => name)).size === versions.length;
  const preserves = spec.preserveUnknownFields === true;
  return [
    ...checkGroup(group ?? ''),
    ...checkFilledOneOf(scope, 'spec.scope', ['Cluster', 'Namespaced']),
    ...when(
      preserves && old?.preserveUnknownFields !== true,
      invalidValue(
        ...(['spec.preserveUnknownFields', true] as const),
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    ),
    ...inList(versions, 'spec.versions', (version, field) =>
      checkVersion(version, field, hasSchemaOf(old, version)),
    ),
    ...when(!isUnique, invalidValue('spec.versions', versions, 'must contain unique version names')),
    ...when(
      stored !== 1,
      invalidValue('spec.versions', versions, 'must have exactly one version marked as storage version'),
    ),
    ...(['plural', 'singular', 'kind', 'listKind'] as const).flatMap((name) =>
      checkFilled(names?.[name], `spec.names.${name}`),
    ),
    ...checkNames(names, 'spec.names'),
    ...checkConversion(conversion),
  ];
}

function checkGroup(group: string): readonly FieldError[] {
  const field = 'spec.group';
  if (group === '') return [required(field)];
  const words = dnsSubdomain(group);
  if (words.length > 0) return [invalidValue(field, group, words.join(','))];
  return when(!group.includes('.'), invalidValue(field, group, 'should be a domain with at least one dot'));
}

/** What is there already is not measured again: or nobody could change anything else of it. */
function hasSchemaOf(
  old: CustomResourceDefinitionSpec | null,
  { name, schema }: CustomResourceDefinitionVersion,
): boolean {
  const before = old?.versions?.find((one) => one.name === name);
  return (
    before !== undefined && isSameJson((before.schema ?? null) as JsonValue, (schema ?? null) as JsonValue)
  );
}

function checkVersion(
  version: CustomResourceDefinitionVersion,
  field: string,
  isKnown: boolean,
): readonly FieldError[] {
  const { name, schema, subresources, additionalPrinterColumns, deprecated, deprecationWarning } = version;
  const words = dns1035Label(name);
  const whole = schema?.openAPIV3Schema;
  const hasStatus = (subresources?.status ?? null) !== null;
  const place = `${field}.schema.openAPIV3Schema`;
  return [
    ...when(words.length > 0, invalidValue(`${field}.name`, name, words.join(','))),
    ...checkDeprecation(deprecated === true, deprecationWarning, `${field}.deprecationWarning`),
    ...(whole
      ? checkSchema(whole, place, { hasStatus, isKnown })
      : [required(place, 'schemas are required')]),
    ...checkSubresources(subresources, `${field}.subresources`),
    ...inList(additionalPrinterColumns, `${field}.additionalPrinterColumns`, checkColumn),
    ...checkSelectableFields(version, `${field}.selectableFields`),
  ];
}

const longestDeprecation = 256;

function checkDeprecation(
  isDeprecated: boolean,
  warning: string | undefined,
  field: string,
): readonly FieldError[] {
  if (warning === undefined || warning === null) return [];
  const wrong = (why: string): FieldError => invalidValue(field, warning, why);
  const odd = [...warning].findIndex((point) => /\p{C}/u.test(point));
  return [
    ...when(!isDeprecated, wrong('can only be set for deprecated versions')),
    ...when(warning.length > longestDeprecation, wrong('must be <= 256 characters long')),
    ...when(warning === '', wrong('must not be an empty string')),
    ...when(
      odd >= 0,
      wrong(`must only contain printable UTF-8 characters; non-printable character found at index ${odd}`),
    ),
  ];
}

export function checkNames(names: CustomResourceDefinitionNames, field: string): readonly FieldError[] {
  const { plural = '', singular = '', kind = '', listKind = '', shortNames, categories } = names ?? {};
  const plain = (name: string, at: string): readonly FieldError[] => {
    const words = name === '' ? [] : dns1035Label(name);
    return when(words.length > 0, invalidValue(at, name, words.join(',')));
  };
  const mixed = (name: string, at: string): readonly FieldError[] => {
    const words = name === '' ? [] : dns1035Label(name.toLowerCase());
    const why = `may have mixed case, but should otherwise match: ${words.join(',')}`;
    return when(words.length > 0, invalidValue(at, name, why));
  };
  return [
    ...plain(plural, `${field}.plural`),
    ...plain(singular, `${field}.singular`),
    ...mixed(kind, `${field}.kind`),
    ...mixed(listKind, `${field}.listKind`),
    ...inList(shortNames, `${field}.shortNames`, plain),
    ...when(
      kind !== '' && kind === listKind,
      invalidValue(`${field}.listKind`, listKind, 'kind and listKind may not be the same'),
    ),
    ...inList(categories, `${field}.categories`, plain),
  ];
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

function checkColumn(column: CustomResourceColumnDefinition, field: string): readonly FieldError[] {
  const { name, type = '', format = '', jsonPath = '' } = column;
  const types = `must be one of ${columnTypes.join(',')}`;
  return [
    ...checkFilled(name, `${field}.name`),
    ...(type === ''
      ? [required(`${field}.type`, types)]
      : when(!columnTypes.includes(type), invalidValue(`${field}.type`, type, types))),
    ...when(
      format !== '' && !columnFormats.includes(format),
      invalidValue(`${field}.format`, format, `must be one of ${columnFormats.join(',')}`),
    ),
    ...(jsonPath === '' ? [required(`${field}.jsonPath`)] : checkPath(jsonPath, `${field}.jsonPath`)),
  ];
}

export function checkPath(path: string, field: string): readonly FieldError[] {
  if (!path.startsWith('.')) return [invalidValue(field, path, 'must be a simple json path starting with .')];
  const isReadable = path === '.' || readJsonPath(path) !== null;
  return when(!isReadable, invalidValue(field, path, 'must be a json path in the dot notation'));
}

function checkSubresources(
  parts: CustomResourceSubresources | undefined,
  field: string,
): readonly FieldError[] {
  const scale = parts?.scale;
  if (!scale) return [];
  const at = (name: string): string => `${field}.scale.${name}`;
  const { labelSelectorPath = '' } = scale;
  const below = (path: string | undefined, name: string, roots: readonly string[], why: string) => {
    if ((path ?? '') === '') return [required(at(name))];
    const errors = checkPath(path as string, at(name));
    if (errors.length > 0) return errors;
    const isBelow = roots.some((root) => path?.startsWith(root));
    return when(!isBelow, invalidValue(at(name), path, why));
  };
  return [
    ...below(scale.specReplicasPath, 'specReplicasPath', ['.spec.'], 'should be a json path under .spec'),
    ...below(
      scale.statusReplicasPath,
      'statusReplicasPath',
      ['.status.'],
      'should be a json path under .status',
    ),
    ...(labelSelectorPath === ''
      ? []
      : below(
          ...([labelSelectorPath, 'labelSelectorPath', ['.spec.', '.status.']] as const),
          'should be a json path under either .spec or .status',
        )),
  ];
}

/** What objects lie under cannot become another thing. */
export function checkImmutable(
  next: CustomResourceDefinition,
  old: CustomResourceDefinition,
): readonly FieldError[] {
  const isEstablished = old.status?.conditions?.some(
    ({ type, status }) => type === 'Established' && status === 'True',
  );
  const same = (field: string, value: string, before: string): readonly FieldError[] =>
    when(value !== before, invalidValue(field, value, 'field is immutable'));
  const [spec, was] = [next.spec, old.spec];
  return [
    ...(isEstablished === true
      ? [
          ...same('spec.scope', spec.scope, was.scope),
          ...same('spec.names.kind', spec.names.kind, was.names.kind),
        ]
      : []),
    ...same('spec.group', spec.group, was.group),
    ...same('spec.names.plural', spec.names.plural, was.names.plural),
  ];
}
