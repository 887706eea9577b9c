import fc from 'fast-check';
import t from 'tap';
import { type AnswerForm, chooseForm, encodingOfBody, type Offer } from './accept.ts';

const builtIn: Offer = {
  encodings: ['json', 'yaml', 'protobuf'],
  transformations: ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'],
};
const custom: Offer = { ...builtIn, encodings: ['json', 'yaml'] };

function choose(accept: string | undefined, offer = builtIn): string | null {
  const form: AnswerForm | null = chooseForm(accept, offer);
  return form === null
    ? null
    : `${form.encoding}${form.pretty ? ' pretty' : ''}${form.as ? ` ${form.as}` : ''}`;
}

const protobuf = 'application/vnd.kubernetes.protobuf';
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';

t.test('chooseForm gives what the client likes best of what there is', async (t) => {
  for (const [accept, wanted] of [
    [undefined, 'json'],
    ['', 'json'],
    ['*/*', 'json'],
    ['application/*', 'json'],
    ['application/json', 'json'],
    ['Application/JSON; charset=utf-8', 'json'],
    ['application/json;pretty=1', 'json pretty'],
    ['application/yaml', 'yaml'],
    [protobuf, 'protobuf'],
    [`${protobuf},application/json`, 'protobuf'],
    [`${protobuf};q=0.5,application/json`, 'json'],
    [`${protobuf};q=0,application/json`, 'json'],
    // What kubectl get sends.
    [`${table},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`, 'json Table'],
    [`${protobuf};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`, 'protobuf PartialObjectMetadata'],
    // An unknown form falls through to the next.
    ['application/json;as=Chart;v=v1;g=meta.k8s.io,application/json', 'json'],
    ['application/json;as=Table;v=v9;g=meta.k8s.io,application/yaml', 'yaml'],
    ['application/json;as=Chart;v=v1;g=meta.k8s.io', null],
    ['text/html', null],
    ['nonsense', null],
    ['text/html,*/*;q=0.1', 'json'],
  ] as const) {
    t.equal(choose(accept), wanted, String(accept));
  }
  t.equal(choose(protobuf, custom), null, 'a custom resource has no protobuf');
  t.equal(choose(`${protobuf},application/json`, custom), 'json');
});

t.test('chooseForm names the form in the answer', async (t) => {
  t.equal(chooseForm(table, builtIn)?.mediaType, table);
  t.equal(chooseForm('*/*', builtIn)?.mediaType, 'application/json');
});

t.test('encodingOfBody reads the content type', async (t) => {
  t.equal(encodingOfBody(undefined), 'json');
  t.equal(encodingOfBody('application/json; charset=utf-8'), 'json');
  t.equal(encodingOfBody(protobuf), 'protobuf');
  t.equal(encodingOfBody('application/yaml'), 'yaml');
  t.equal(encodingOfBody('text/plain'), null);
  t.equal(encodingOfBody('constructor'), null);
});

t.test('chooseForm takes any header', async () => {
  const piece = fc.constantFrom(
    '*/*',
    'application/json',
    ';',
    ',',
    'q=',
    'as=',
    '=',
    '"',
    '0.5',
    'Table',
    ' ',
    '*/',
  );
  const header = fc.tuple(fc.array(piece, { maxLength: 20 }), fc.string());
  fc.assert(fc.property(header, ([pieces, tail]) => void chooseForm(pieces.join('') + tail, builtIn)));
});
