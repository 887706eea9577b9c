/** Our merge rules against the schema of server-side apply that Kubernetes' own client carries. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { readGenerated, typesFile } from '../../runtime/apiserver/schemas/generated-files.ts';
import { mergeRule } from '../../runtime/apiserver/schemas/merge-rules.ts';
import { type ApiField, type ApiType, Registry } from '../../runtime/apiserver/schemas/registry.ts';
import { openCache } from '../cache/cache.ts';
import { provideSources } from './sources.ts';

t.setTimeout(180_000);

interface TheirType {
  readonly scalar?: string;
  readonly namedType?: string;
  readonly elementRelationship?: string;
  readonly list?: { readonly elementRelationship: string; readonly keys?: readonly string[] };
  readonly map?: { readonly elementRelationship?: string; readonly fields?: readonly TheirField[] };
}
interface TheirField {
  readonly name: string;
  readonly type: TheirType;
  readonly default?: unknown;
}
type TheirNamedType = TheirType & { readonly name: string };

const registry = new Registry(readGenerated(typesFile).toString('utf8'));
const sources = await provideSources(openCache(), { offline: false });
const source = path.join(sources.go, 'k8s.io/client-go/applyconfigurations/internal/internal.go');
const yaml = /typed\.YAMLObject\(`([\s\S]*)`\)/.exec(readFileSync(source, 'utf8'))![1]!;
const theirs = (parse(yaml) as { readonly types: readonly TheirNamedType[] }).types;
const theirTypes = new Map(theirs.map((type) => [type.name, type]));

/** One word for what happens to a field in their schema. */
function theirRule(type: TheirType): string {
  if (type.list !== undefined) {
    if (type.list.elementRelationship === 'atomic') return 'atomic';
    return type.list.keys === undefined ? 'set' : `associative ${type.list.keys.join(',')}`;
  }
  if (type.elementRelationship === 'atomic') return 'atomic';
  if (type.namedType !== undefined) return theirRule(theirTypes.get(type.namedType)!);
  if (type.map !== undefined) return type.map.elementRelationship === 'atomic' ? 'atomic' : 'granular';
  return 'atomic';
}

function ourRule(field: ApiField): string {
  const rule = mergeRule(field);
  return rule.kind === 'associative' ? `associative ${rule.keys.join(',')}` : rule.kind;
}

/** With those of embedded types in their place. */
function flatFields(type: ApiType): readonly ApiField[] {
  return type.fields.flatMap((field) =>
    field.inline === true && field.of.kind === 'message' ? flatFields(field.of.type) : [field],
  );
}

t.test('mergeRule gives the rule of structured merge for every field of every type', async (t) => {
  let fields = 0;
  for (const their of theirs) {
    const our = registry.type(their.name);
    // Types with an encoding of their own are no types of the registry.
    if (our === null) continue;
    const ownFields = new Map(flatFields(our).map((field) => [field.json, field]));
    const theirFields = their.map?.fields ?? [];
    const isKindField = (name: string): boolean => our.isKind && ['apiVersion', 'kind'].includes(name);
    const expected = theirFields.filter(({ name }) => !isKindField(name));
    const differences = expected.flatMap(({ name, type }) => {
      const field = ownFields.get(name);
      const found = field === undefined ? 'missing' : ourRule(field);
      return found === theirRule(type) ? [] : [`${name}: ${found}, theirs ${theirRule(type)}`];
    });
    const surplus = [...ownFields.keys()].filter((name) => !expected.some((field) => field.name === name));
    t.same([...differences, ...surplus], [], their.name);
    t.equal(our.isAtomic, their.map?.elementRelationship === 'atomic', `${their.name} as a whole`);
    fields += expected.length;
  }
  t.ok(fields > 2500, `${fields} fields`);
});
