/** Where a webhook is: a URL, or a service of the cluster. (k8s.io/apiserver/pkg/util/webhook/validation.go) Pure. */
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type {
  ServiceReference,
  WebhookClientConfig,
} from '../../apiserver/schemas/generated/types/api-admissionregistration-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue, required } from '../field-errors.ts';
import { checkFilled, when } from '../meta/field-checks.ts';

const httpsPort = 443;
const form = '; desired format: https://host[/path]';
const urlPattern = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

export function fillInClient(client: WebhookClientConfig): WebhookClientConfig {
  if (!client.service) return client;
  return { ...client, service: { ...client.service, port: client.service.port ?? httpsPort } };
}

export function checkClient({ url, service }: WebhookClientConfig, field: string): readonly FieldError[] {
  const hasUrl = url !== undefined && url !== null;
  if (hasUrl === Boolean(service)) return [required(field, 'exactly one of url or service is required')];
  return hasUrl ? checkUrl(url, `${field}.url`) : checkService(service!, `${field}.service`);
}

function checkUrl(url: string, field: string): readonly FieldError[] {
  const [, scheme = '', authority = '', , query = '', fragment = ''] = urlPattern.exec(url) ?? [];
  // Control characters are in no URL.
  if ([...url].some((character) => character < ' ' || character === '\u007f')) {
    const why = `parse ${JSON.stringify(url)}: net/url: invalid control character in URL`;
    return [required(field, `url must be a valid URL: ${why}${form}`)];
  }
  const at = authority.lastIndexOf('@');
  const [user, host] = [authority.slice(0, Math.max(at, 0)), authority.slice(at + 1)];
  const wrong = (part: string, why: string): FieldError => invalidValue(field, part, why);
  return [
    ...when(scheme.toLowerCase() !== 'https', wrong(scheme, `'https' is the only allowed URL scheme${form}`)),
    ...when(host === '', wrong(host, `host must be provided${form}`)),
    ...when(at >= 0, wrong(user, 'user information is not permitted in the URL')),
    ...when(fragment !== '', wrong(fragment, 'fragments are not permitted in the URL')),
    ...when(query !== '', wrong(query, 'query parameters are not permitted in the URL')),
  ];
}

function checkService({ namespace, name, path, port = 0 }: ServiceReference, field: string): FieldError[] {
  const isPort = port >= 1 && port <= 65_535;
  const words = 'port is not valid: must be between 1 and 65535, inclusive';
  return [
    ...checkFilled(name, `${field}.name`, 'service name is required'),
    ...checkFilled(namespace, `${field}.namespace`, 'service namespace is required'),
    ...when(!isPort, invalidValue(`${field}.port`, port, words)),
    ...(typeof path === 'string' ? checkPath(path, `${field}.path`) : []),
  ];
}

function checkPath(path: string, field: string): FieldError[] {
  if (path === '/' || path === '') return [];
  if (path === '//') return [invalidValue(field, path, 'segment[0] may not be empty')];
  const steps = path.slice(1).replace(/\/$/, '').split('/');
  return [
    ...when(!path.startsWith('/'), invalidValue(field, path, "must start with a '/'")),
    ...steps.flatMap((step, index) =>
      step === ''
        ? [invalidValue(field, path, `segment[${index}] may not be empty`)]
        : dnsSubdomain(step).map((why) => invalidValue(field, path, `segment[${index}]: ${why}`)),
    ),
  ];
}
