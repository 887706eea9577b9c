import t, { type Test } from 'tap';
import { parse as parseYaml } from 'yaml';
import { type AnswerForm, chooseForm } from '../request/accept.ts';
import { decodeObject } from '../schemas/protobuf/codec.ts';
import { planList } from '../storage/list-plan.ts';
import { answerList, answerObject, type Pieces } from './answer.ts';
import { configMap, openKind, registry } from './testing/open-kind.ts';

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const partial = 'as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const partialList = 'as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const protobuf = 'application/vnd.kubernetes.protobuf';

function formOf(accept: string): AnswerForm {
  const form = chooseForm(accept, {
    encodings: ['json', 'yaml', 'protobuf'],
    transformations: ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'],
  });
  if (form === null) throw new Error(`${accept} is not offered`);
  return form;
}

function options(accept: string) {
  return { registry, form: formOf(accept), includeObject: 'Metadata', nowMs: Date.UTC(2026, 0, 2) } as const;
}

function text(pieces: Pieces): string {
  return Buffer.concat(pieces).toString();
}

async function open(t: Test) {
  const opened = await openKind(t, '', 'configmaps', false);
  const made = await opened.create(configMap);
  const stored = await opened.kind.objects.get('d/a');
  if (stored === null) throw new Error('it is not there');
  return { ...opened, made, stored };
}

t.test('answerObject gives an object in the form that was asked for', async (t) => {
  const { kind, made, stored } = await open(t);
  const answer = (accept: string): Pieces => answerObject(kind, stored, options(accept));
  const json = text(answer('*/*'));
  t.match(json, /^\{"kind":"ConfigMap","apiVersion":"v1","metadata":\{"resourceVersion":"\d+","name":"a"/);
  t.same(JSON.parse(json), made);
  t.match(text(answer('application/json;pretty=1')), /^\{\n {2}"kind": "ConfigMap",\n/);
  t.same(parseYaml(text(answer('application/yaml'))), made);
  t.same(decodeObject(registry, Buffer.concat(answer(protobuf))), made);
  const meta = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: made.metadata };
  t.same(JSON.parse(text(answer(`application/json;${partial}`))), meta);
  t.same(decodeObject(registry, Buffer.concat(answer(`${protobuf};${partial}`))), meta);
  t.match(JSON.parse(text(answer(table))), {
    ...{
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: made.metadata.resourceVersion },
    },
    columnDefinitions: [{ name: 'Name' }, { name: 'Data' }, { name: 'Age' }],
    rows: [{ cells: ['a', 1, '23h'], object: { kind: 'PartialObjectMetadata' } }],
  });
});

t.test('answerList gives a list in the form that was asked for', async (t) => {
  const { kind, made, create } = await open(t);
  const other = await create({ ...configMap, metadata: { name: 'b' }, data: { x: 'y', z: '' } });
  const nothing = { resourceVersion: '', resourceVersionMatch: '', continue: '', limit: '' };
  const list = await kind.objects.list('d/', planList(nothing));
  const answer = (accept: string): Pieces => answerList(kind, list, options(accept));
  const items = [made, other].map(({ kind: _, apiVersion: __, ...item }) => item);
  const whole = {
    ...{ kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion: String(list.revision) } },
    items,
  };
  t.same(JSON.parse(text(answer('*/*'))), whole);
  t.same(parseYaml(text(answer('application/yaml'))), whole);
  t.same(decodeObject(registry, Buffer.concat(answer(protobuf))), whole);
  t.match(JSON.parse(text(answer(`application/json;${partialList}`))), {
    ...{ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' },
    items: [{ kind: 'PartialObjectMetadata', metadata: { name: 'a' } }, { metadata: { name: 'b' } }],
  });
  t.match(JSON.parse(text(answer(table))), { rows: [{ cells: ['a', 1] }, { cells: ['b', 2] }] });
  const first = await kind.objects.list('d/', planList({ ...nothing, limit: '1' }));
  t.match(JSON.parse(text(answerList(kind, first, options('*/*')))), {
    ...{ metadata: { continue: /^\w/, remainingItemCount: 1 }, items: [{ metadata: { name: 'a' } }] },
  });
  const none = await kind.objects.list('e/', planList(nothing));
  t.same(JSON.parse(text(answerList(kind, none, options('*/*')))).items, []);
});

t.test('answers are the same for what somebody else has stored in another order', async (t) => {
  const { kind, stored, made } = await open(t);
  const { metadata, ...others } = JSON.parse(Buffer.from(stored.bytes).toString());
  const bytes = Buffer.from(JSON.stringify({ ...others, metadata }));
  t.same(JSON.parse(text(answerObject(kind, { ...stored, bytes }, options('*/*')))), made);
});
