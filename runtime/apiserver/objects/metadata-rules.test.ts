import fc from 'fast-check';
import t from 'tap';
import { checkMetadata, checkMetadataUpdate } from './metadata-rules.ts';
import { dns1035Label, dnsLabel, dnsSubdomain, labelKey, labelValueOf, pathSegment } from './name-rules.ts';
import type { ObjectMetadata } from './object-bytes.ts';

const good: ObjectMetadata = { name: 'a', namespace: 'd' };

function problems(given: object, isNamespaced = true): string[] {
  return checkMetadata({ ...good, ...given }, { isNamespaced, name: dnsSubdomain }).map(
    ({ field, message }) => `${field}: ${message}`,
  );
}

t.test('checkMetadata says what is wrong in the words of the real server', async (t) => {
  t.same(problems({}), []);
  t.same(
    problems({
      labels: { 'a.b/c': 'D', e: '' },
      annotations: { 'X/y': 'any text\n' },
      finalizers: ['orphan', 'a.b/c'],
    }),
    [],
  );
  t.same(problems({ name: '', generateName: 'a-' }), [
    'metadata.name: Required value: name or generateName is required',
  ]);
  t.same(problems({ name: 'A' }), [
    "metadata.name: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ]);
  t.match(problems({ generateName: 'A' }), [/^metadata\.generateName: Invalid value: "A"/]);
  t.same(problems({ name: 'a'.repeat(254) }), [
    `metadata.name: Invalid value: "${'a'.repeat(254)}": must be no more than 253 characters`,
  ]);
  t.same(problems({ namespace: '' }), ['metadata.namespace: Required value']);
  t.same(problems({ namespace: 'a.b' }), ['metadata.namespace: Invalid value: "a.b": must not contain dots']);
  t.match(problems({ namespace: 'a_b' }), [/RFC 1123 label/]);
  t.same(problems({ namespace: `${'a'.repeat(63)}.b` }).length, 2);
  t.same(problems({}, false), ['metadata.namespace: Forbidden: not allowed on this type']);
  t.match(problems({ labels: { 'a b': 'c', d: 'e f' } }), [
    /"a b": name part must/,
    /"e f": a valid label must/,
  ]);
  t.match(problems({ annotations: { 'a b': 'c' } }), [/^metadata\.annotations: Invalid value: "a b"/]);
  t.same(problems({ annotations: { a: 'x'.repeat(256 * 1024) } }), [
    'metadata.annotations: Too long: may not be more than 262144 bytes',
  ]);
  t.same(problems({ finalizers: ['a.b/c', 'mine'] }), [
    'metadata.finalizers[1]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
  ]);
  const plain = { ...good, finalizers: ['mine.example', 'a b'] };
  t.match(checkMetadata(plain, { isNamespaced: true, name: dnsSubdomain, takesPlainFinalizers: true }), [
    { field: 'metadata.finalizers', message: /"a b"/ },
  ]);
  t.match(problems({ finalizers: ['orphan', 'foregroundDeletion'] }), [/cannot be both set/]);
  const owner = { apiVersion: 'v1', kind: 'K', name: 'n', uid: 'u', controller: true };
  t.same(problems({ ownerReferences: [owner] }), []);
  t.match(problems({ ownerReferences: [owner, { ...owner, name: 'm' }] }), [/references for K\/n and K\/m$/]);
  t.equal(problems({ ownerReferences: [{}] }).length, 4);
  const third = [owner, { ...owner, name: 'm' }, { ...owner, name: 'o' }];
  t.match(problems({ ownerReferences: third }), [/K\/n and K\/m$/, /K\/n and K\/o$/]);
  for (const apiVersion of ['', 'a/', 'a/b/c']) {
    t.match(problems({ ownerReferences: [{ ...owner, apiVersion }] }), [
      /apiVersion: .*version must not be empty$/,
    ]);
  }
  t.match(problems({ ownerReferences: [{ ...owner, kind: 'Event' }] }), [
    /^metadata\.ownerReferences: .*: \/v1, Kind=Event is disallowed from being an owner$/,
  ]);
  t.same(problems({ ownerReferences: [{ ...owner, kind: 'Event', apiVersion: 'events.k8s.io/v1' }] }), []);
});

t.test('checkMetadataUpdate keeps what cannot change', async (t) => {
  const old = { ...good, uid: 'u', creationTimestamp: 't' };
  t.same(checkMetadataUpdate({ ...old, labels: { a: 'b' } }, old), []);
  t.match(checkMetadataUpdate({ ...old, uid: 'v' }, old), [
    { field: 'metadata.uid', message: /"v": field is immutable$/ },
  ]);
  t.match(checkMetadataUpdate(good, old), [
    { field: 'metadata.uid' },
    { field: 'metadata.creationTimestamp' },
  ]);
  const going = { ...old, deletionTimestamp: 't', finalizers: ['a/b', 'c/d'] };
  t.same(checkMetadataUpdate({ ...going, finalizers: ['c/d'] }, going), []);
  t.match(checkMetadataUpdate({ ...going, finalizers: ['c/d', 'e/f'] }, going), [
    { reason: 'FieldValueForbidden', message: /found new finalizers \[\]string\{"e\/f"\}$/ },
  ]);
});

t.test('rules of names know their limits', async (t) => {
  for (const [rule, yes, no] of [
    [dnsSubdomain, ['a', 'a.b', 'a-b.c', '0'], ['', 'A', '-a', 'a-', 'a..b', '.a', 'a_b', 'a\n']],
    [dnsLabel, ['a', 'a-b', '0', 'a'.repeat(63)], ['', 'a.b', 'a'.repeat(64)]],
    [dns1035Label, ['a', 'a-0'], ['0', '0a', 'a.b']],
    [pathSegment, ['system:node', 'A b'], ['.', '..', 'a/b', 'a%b']],
    [
      labelKey,
      ['a', 'A.b_c', 'kubernetes.io/os', 'a'.repeat(63)],
      ['', 'Kubernetes.io/os', '/os', 'a/', 'a/b/c', 'a'.repeat(64)],
    ],
    [labelValueOf, ['', 'A', 'a.b_c-d'], ['a b', '-a', 'a'.repeat(64)]],
  ] as const) {
    for (const name of yes) t.same(rule(name), [], name);
    for (const name of no) t.ok(rule(name).length > 0, name);
  }
});

t.test('checkMetadata answers, whatever the strings are', async () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('a'.repeat(100_000), 'a-'.repeat(50_000), '-'));
  const map = fc.dictionary(text, text);
  const metadata = fc.record({
    name: text,
    namespace: text,
    generateName: text,
    labels: map,
    annotations: map,
    finalizers: fc.array(text),
  });
  fc.assert(
    fc.property(metadata, (given) => void checkMetadata(given, { isNamespaced: true, name: dnsSubdomain })),
  );
});
