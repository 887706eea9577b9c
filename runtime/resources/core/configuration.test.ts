import t from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { filledIn, made, refusals, sentences } from '../testing/written.ts';
import { configMaps } from './config-maps.ts';
import { secrets } from './secrets.ts';
import { serviceAccounts } from './service-accounts.ts';

const base = { apiVersion: 'v1', metadata: { name: 'a', namespace: 'd' } };
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const fixed = 'Forbidden: field is immutable when `immutable` is set';

t.test('config maps are refused in the words of the real server', async (t) => {
  const kind = 'ConfigMap';
  for (const [map, expected] of [
    [{ data: { 'a.conf': 'x' }, binaryData: { b: 'AA==' } }, []],
    [
      { data: { a: 'x' }, binaryData: { a: 'AA==' } },
      ['data[a]: Invalid value: "a": duplicate of key present in binaryData'],
    ],
    [{ data: { '..': 'x' } }, ['data[..]: Invalid value: "..": must not be \'..\'']],
    [{ data: { a: 'x'.repeat(1024 * 1024) } }, []],
    [{ data: { a: 'x'.repeat(1024 * 1024), b: 'x' } }, ['[]: Too long: may not be more than 1048576 bytes']],
    [
      { binaryData: { a: Buffer.alloc(1024 * 1024 + 1).toString('base64') } },
      ['[]: Too long: may not be more than 1048576 bytes'],
    ],
  ] as const) {
    t.same(refusals(configMaps, { ...base, kind, ...map }), expected);
  }
});

t.test('what is immutable stays, and stays immutable', async (t) => {
  const old = { ...base, kind: 'ConfigMap', data: { a: 'x' }, immutable: true } as ApiObject;
  const update = (next: object) => sentences(configMaps.checkUpdate?.({ ...old, ...next } as ApiObject, old));
  t.same(update({ metadata: { name: 'a', labels: { l: '1' } } }), []);
  t.same(update({ data: { a: 'y' } }), [`data: ${fixed}`]);
  t.same(update({ binaryData: { b: 'AA==' } }), [`binaryData: ${fixed}`]);
  t.same(update({ immutable: false, data: {} }), [`immutable: ${fixed}`, `data: ${fixed}`]);
});

t.test('a secret is Opaque unless it says otherwise, and text in it becomes data', async (t) => {
  const secret = filledIn(secrets, { ...base, kind: 'Secret', data: { a: 'AA==' }, stringData: { b: 'hi' } });
  t.match(secret, { type: 'Opaque', data: { a: 'AA==', b: base64('hi') }, stringData: undefined });
});

t.test('a secret has what its type promises', async (t) => {
  for (const [type, data, expected] of [
    ['kubernetes.io/tls', {}, ['data[tls.crt]: Required value', 'data[tls.key]: Required value']],
    ['kubernetes.io/tls', { 'tls.crt': 'AA==', 'tls.key': 'AA==' }, []],
    ['kubernetes.io/basic-auth', { password: 'AA==' }, []],
    ['kubernetes.io/basic-auth', {}, ['data[username]: Required value', 'data[password]: Required value']],
    ['kubernetes.io/ssh-auth', {}, ['data[ssh-privatekey]: Required value']],
    ['kubernetes.io/dockerconfigjson', {}, ['data[.dockerconfigjson]: Required value']],
    ['kubernetes.io/dockerconfigjson', { '.dockerconfigjson': base64('{"auths":{}}') }, []],
    [
      'kubernetes.io/dockerconfigjson',
      { '.dockerconfigjson': base64('bad') },
      [
        'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character \'b\' looking for beginning of value',
      ],
    ],
    [
      'kubernetes.io/service-account-token',
      {},
      ['metadata.annotations[kubernetes.io/service-account.name]: Required value'],
    ],
    ['example.com/own', {}, []],
  ] as const) {
    t.same(refusals(secrets, { ...base, kind: 'Secret', type, data }), expected, type);
  }
});

t.test('a secret for TLS is warned of when it holds no certificate, or no key', async (t) => {
  const pem = base64('-----BEGIN X-----\nAA==\n-----END X-----\n');
  const warn = (data: object) =>
    secrets.warn?.(made(secrets, { ...base, kind: 'Secret', type: 'kubernetes.io/tls', data }), null);
  t.same(warn({ 'tls.crt': pem, 'tls.key': pem }), []);
  t.same(warn({ 'tls.crt': '', 'tls.key': pem }), ['tls: failed to find any PEM data in certificate input']);
  t.same(warn({ 'tls.crt': pem }), ['tls: failed to find any PEM data in key input']);
});

t.test('data without bytes are data, also as null', async (t) => {
  const data = { '.dockercfg': null, a: null };
  t.same(refusals(secrets, { ...base, kind: 'Secret', type: 'kubernetes.io/dockercfg', data }), [
    'data[.dockercfg]: Invalid value: "<secret contents redacted>": unexpected end of JSON input',
  ]);
});

t.test('the type of a secret does not change', async (t) => {
  const old = { ...base, kind: 'Secret', type: 'Opaque' } as ApiObject;
  t.same(sentences(secrets.checkUpdate?.({ ...old, type: 'x' }, old)), [
    'type: Invalid value: "x": field is immutable',
  ]);
});

t.test('a service account says of its secrets only what they are called', async (t) => {
  const account = { ...base, kind: 'ServiceAccount', secrets: [{ name: 's', namespace: 'other' }] };
  t.same(made(serviceAccounts, account).secrets, [{ name: 's' }]);
});
