/** Secrets, whose type says what has to be in them. (pkg/registry/core/secret, pkg/apis/core/validation) Pure. */
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type { Secret } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue, required, tooLong } from '../field-errors.ts';
import { checkName, when } from '../meta/field-checks.ts';
import { configKey } from '../meta/names.ts';
import { checkFixedData, sizeOfBase64 } from './fixed-data.ts';

const mostBytes = 1024 * 1024;
const accountAnnotation = 'kubernetes.io/service-account.name';

export const secrets: Strategy = {
  name: dnsSubdomain,
  countsGenerations: false,
  hasStatus: false,
  fillIn,
  check,
  checkUpdate: (next, old) => [
    ...when(next.type !== old.type, invalidValue('type', next.type ?? '', 'field is immutable')),
    ...checkFixedData(next, old, ['data']),
  ],
  warn: (object) => warnOfPair(object as unknown as Secret),
};

/** `stringData` is only written, and wins. */
function fillIn(object: ApiObject): ApiObject {
  const { stringData, ...secret } = object as unknown as Secret;
  const written = Object.entries(stringData ?? {}).map(([key, text]) => [
    key,
    Buffer.from(text).toString('base64'),
  ]);
  const data =
    written.length === 0 ? secret.data : { ...secret.data, ...(Object.fromEntries(written) as object) };
  return {
    ...secret,
    ...(data === undefined ? {} : { data }),
    type: secret.type || 'Opaque',
  } as unknown as ApiObject;
}

function check(object: ApiObject): readonly FieldError[] {
  const secret = object as unknown as Secret;
  const data = secret.data ?? {};
  const size = Object.values(data).reduce((sum, text) => sum + sizeOfBase64(text), 0);
  return [
    ...Object.keys(data).flatMap((key) => checkName(configKey, key, `data[${key}]`)),
    ...when(size > mostBytes, tooLong('data', mostBytes)),
    ...checkByType(secret, data),
  ];
}

function checkByType({ type, metadata }: Secret, data: NonNullable<Secret['data']>): readonly FieldError[] {
  const missing = (...keys: readonly string[]): readonly FieldError[] =>
    keys.filter((key) => !Object.hasOwn(data, key)).map((key) => required(`data[${key}]`));
  switch (type) {
    case 'kubernetes.io/service-account-token': {
      const name = metadata?.annotations?.[accountAnnotation] ?? '';
      return when(name === '', required(`metadata.annotations[${accountAnnotation}]`));
    }
    case 'kubernetes.io/dockercfg':
      return [...missing('.dockercfg'), ...checkJson(data, '.dockercfg')];
    case 'kubernetes.io/dockerconfigjson':
      return [...missing('.dockerconfigjson'), ...checkJson(data, '.dockerconfigjson')];
    case 'kubernetes.io/basic-auth': {
      const errors = missing('username', 'password');
      return errors.length === 2 ? errors : [];
    }
    case 'kubernetes.io/ssh-auth':
      return when((data['ssh-privatekey'] ?? '') === '', required('data[ssh-privatekey]'));
    case 'kubernetes.io/tls':
      return missing('tls.crt', 'tls.key');
    default:
      return [];
  }
}

function checkJson(data: NonNullable<Secret['data']>, key: string): readonly FieldError[] {
  if (!Object.hasOwn(data, key)) return [];
  const why = whyNoJsonObject(textOf(data, key));
  return when(why !== '', invalidValue(`data[${key}]`, '<secret contents redacted>', why));
}

function textOf(data: NonNullable<Secret['data']>, key: string): string {
  return Buffer.from((Object.hasOwn(data, key) ? data[key] : null) ?? '', 'base64').toString();
}

/** As Go says it, as far as the first character tells. '': it is one. */
function whyNoJsonObject(text: string): string {
  const rest = text.trimStart();
  if (rest === '') return 'unexpected end of JSON input';
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || (typeof value === 'object' && !Array.isArray(value))) return '';
    const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
  } catch {
    const first = rest.charAt(0);
    if ('{["tfn-0123456789'.includes(first)) return 'unexpected end of JSON input';
    return `invalid character '${first}' looking for beginning of value`;
  }
}

/** Whether a certificate fits its key is not looked at here: only whether there is one. */
function warnOfPair({ type, data = {} }: Secret): readonly string[] {
  if (type !== 'kubernetes.io/tls') return [];
  const [certificate, key] = ['tls.crt', 'tls.key'].map((name) => textOf(data, name)) as [string, string];
  if (!isPem(certificate)) return ['tls: failed to find any PEM data in certificate input'];
  return isPem(key) ? [] : ['tls: failed to find any PEM data in key input'];
}

function isPem(text: string): boolean {
  return text.includes('-----BEGIN ') && text.includes('-----END ');
}
