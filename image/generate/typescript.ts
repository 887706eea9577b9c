/** The model as TypeScript: one module a package, with an interface for each type, so that code may say what it handles. */
import type { FieldModel, PackageModel, TypeModel } from './model.ts';

const words: Readonly<Record<string, string>> = {
  ...{ string: 'string', bool: 'boolean', bytes: 'string', double: 'number' },
  // Beyond 2⁵³ a whole number is a bigint.
  ...{ int32: 'number', uint32: 'number', int64: 'number | bigint', uint64: 'number | bigint' },
  ...{
    time: 'string',
    microTime: 'string',
    duration: 'string',
    quantity: 'string',
    strings: 'readonly string[]',
  },
  ...{ intOrString: 'number | string', raw: 'unknown', fields: 'unknown', json: 'unknown' },
  ...{ schemaOrArray: 'unknown', schemaOrBool: 'unknown', schemaOrStrings: 'unknown' },
};

/** Texts by file name. */
export function writeTypeScript(packages: readonly PackageModel[]): ReadonlyMap<string, string> {
  return new Map(packages.map((item) => [`${moduleName(item.name)}.ts`, moduleText(item)]));
}

/** `io.k8s.api.apps.v1` is `api-apps-v1`. */
function moduleName(packageName: string): string {
  return packageName
    .replace(/^io\.k8s\./, '')
    .replace(/^apimachinery\.pkg\.apis\.|^(metrics|[\w-]+)\.pkg\.apis\./, '')
    .replaceAll('_', '-')
    .replaceAll('.', '-');
}

function moduleText(item: PackageModel): string {
  const interfaces = item.types.map((type) => interfaceText(type, item));
  const others = new Set(
    item.types.flatMap((type) => type.fields.flatMap((field) => packageOf(field.type) ?? [])),
  );
  others.delete(item.name);
  const imports = [...others]
    .sort()
    .map((name) => `import type * as ${alias(name)} from './${moduleName(name)}.ts';`);
  return [
    `/** Kubernetes' types of ${item.name}. Made by "npm run generate"; do not edit. */`,
    ...imports,
    '',
    ...interfaces,
  ].join('\n');
}

function interfaceText(type: TypeModel, item: PackageModel): string {
  const embedded = type.fields.filter((field) => field.inline).map((field) => wordOf(field.type, item));
  const extended = embedded.length === 0 ? '' : ` extends ${embedded.join(', ')}`;
  const version = item.group === '' || item.group === null ? item.version : `${item.group}/${item.version}`;
  const lines = [
    ...(type.isKind ? kindLines(type, item, version) : []),
    ...type.fields.filter((field) => !field.inline).map((field) => fieldLine(field, item)),
  ];
  return `export interface ${type.name}${extended} {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`;
}

/** Those of `meta/v1` are of every group. */
function kindLines(type: TypeModel, item: PackageModel, version: string): readonly string[] {
  const isMeta = item.name.startsWith('io.k8s.apimachinery.');
  return [`apiVersion?: ${isMeta ? 'string' : `'${version}'`};`, `kind?: '${type.name}';`];
}

function fieldLine(field: FieldModel, item: PackageModel): string {
  const name = /^\w+$/.test(field.json) ? field.json : `'${field.json}'`;
  const word = wordOf(field.type, item);
  return `${name}${field.required ? '' : '?'}: ${word}${field.required ? '' : ' | undefined'};`;
}

function wordOf(type: string, item: PackageModel): string {
  if (type.startsWith('*')) return wordOf(type.slice(1), item);
  if (type.startsWith('[]')) return `readonly ${inBrackets(wordOf(type.slice(2), item))}[]`;
  if (type.startsWith('{}')) return `Readonly<Record<string, ${wordOf(type.slice(2), item)}>>`;
  const known = words[type];
  if (known !== undefined) return known;
  const packageName = packageOf(type)!;
  const name = type.slice(packageName.length + 1);
  return packageName === item.name ? name : `${alias(packageName)}.${name}`;
}

function inBrackets(word: string): string {
  return word.includes(' ') ? `(${word})` : word;
}

function packageOf(type: string): string | null {
  return /^[*[\]{}]*(io\.k8s\..+)\.\w+$/.exec(type)?.[1] ?? null;
}

function alias(packageName: string): string {
  return moduleName(packageName).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
