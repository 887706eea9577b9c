/** Whether an object that is applied fits its type; what is found is said in the real server's words. */
import { formatAsGo } from '../patch/go-format.ts';
import { isObject, type JsonObject, type JsonValue } from '../schemas/protobuf/json-value.ts';
import { fieldElement } from './element.ts';
import { formatPath, type Path } from './field-set.ts';
import { ManagedFieldsError } from './managed-fields-error.ts';
import { itemShape, itemsOf, type ListShape, missingKey, resolve, type Shape } from './shape.ts';

/** @throws ManagedFieldsError for the first thing that is wrong. */
export function checkApplied(shape: Shape, object: JsonObject): void {
  checkValue(shape, object, []);
}

function checkValue(shape: Shape, value: JsonValue, path: Path): void {
  const here = resolve(shape, value);
  if (value === null) return;
  if (here.kind === 'leaf') checkLeaf(here.holds, value, path);
  else if (here.kind === 'map') {
    if (!isObject(value)) throw wrongType('map', value, path);
    for (const [name, item] of Object.entries(value)) {
      const below = [...path, fieldElement(name)];
      const inner = here.fields.get(name) ?? here.others;
      if (inner === null)
        throw new ManagedFieldsError('undeclared', `${formatPath(below)}: field not declared in schema`);
      checkValue(inner, item ?? null, below);
    }
  } else {
    if (!Array.isArray(value)) throw wrongType('list', value, path);
    checkItems(here, value as readonly JsonValue[], path);
  }
}

function checkLeaf(holds: string, value: JsonValue, path: Path): void {
  if (holds === 'list' && !Array.isArray(value)) throw wrongType('list', value, path);
  if (holds === 'map' && !isObject(value)) throw wrongType('map', value, path);
  if (holds === 'scalar' && typeof value === 'object') throw wrongType('scalar', value, path);
}

function checkItems(shape: ListShape, list: readonly JsonValue[], path: Path): void {
  for (const [index, item] of list.entries()) checkKeys(shape, item, index, path);
  for (const [element, items] of itemsOf(shape, list)) {
    const below = formatPath([element]);
    if (items.length > 1)
      throw new ManagedFieldsError('duplicate', `${formatPath(path)}: duplicate entries for key ${below}`);
    checkValue(itemShape(shape), items[0]!, [...path, element]);
  }
}

function checkKeys(shape: ListShape, item: JsonValue, index: number, path: Path): void {
  const where = `${formatPath(path)}: element ${index}`;
  if (shape.kind === 'set') {
    if (item === null || typeof item === 'object')
      throw new ManagedFieldsError('wrongType', `${where}: associative list may only have scalar values`);
    return;
  }
  if (!isObject(item)) {
    const why = 'associative list with keys may not have non-map elements';
    throw new ManagedFieldsError('wrongType', `${where}: ${why}`);
  }
  const key = missingKey(shape, item);
  if (key === null) return;
  const why = `associative list with keys has an element that omits key field ${JSON.stringify(key)} (and doesn't have default value)`;
  throw new ManagedFieldsError('noKey', `${where}: ${why}`);
}

function wrongType(wanted: string, value: JsonValue, path: Path): ManagedFieldsError {
  return new ManagedFieldsError(
    'wrongType',
    `${formatPath(path)}: expected ${wanted}, got ${formatAsGo(value)}`,
  );
}
