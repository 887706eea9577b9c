/** The model as the file that the device reads; see `runtime/apiserver/schemas/types-file.ts`. */
import type {
  FieldExtras,
  FieldRecord,
  TypeRecord,
  TypesFile,
} from '../../runtime/apiserver/schemas/types-file.ts';
import type { FieldModel, PackageModel, TypeModel } from './model.ts';

/** @param version of Kubernetes' definitions. */
export function writeTypesFile(packages: readonly PackageModel[], version: string): string {
  const records = packages.map(({ name, group, version, types }) => [
    name,
    {
      ...{ group, version },
      kinds: types.filter(({ isKind }) => isKind).map((type) => type.name),
      types: JSON.stringify(Object.fromEntries(types.map((type) => [type.name, typeRecord(type, name)]))),
    },
  ]);
  const file: TypesFile = { version, packages: Object.fromEntries(records) as TypesFile['packages'] };
  return JSON.stringify(file);
}

function typeRecord({ fields, isKind, isAtomic }: TypeModel, packageName: string): TypeRecord {
  return {
    fields: fields.map((field) => fieldRecord(field, packageName)),
    ...(isKind && { kind: true }),
    ...(isAtomic && { atomic: true }),
  };
}

function fieldRecord(field: FieldModel, packageName: string): FieldRecord {
  const word = field.type.replace(`${packageName}.`, '.');
  const extras: FieldExtras = {
    ...(field.omitEmpty && { omitEmpty: true }),
    ...(field.inline && { inline: true }),
    ...(field.required && { required: true }),
    ...field.merge,
    ...(field.values !== null && { enum: field.values }),
  };
  return Object.keys(extras).length === 0
    ? [field.json, field.number, word]
    : [field.json, field.number, word, extras];
}
