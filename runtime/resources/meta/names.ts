/**
 * Names beside those that all objects have, as `runtime/apiserver/objects/name-rules.ts` has them.
 * (k8s.io/apimachinery/pkg/util/validation) Pure.
 */
import { dnsLabel, dnsSubdomain, labelKey, type NameRule } from '../../apiserver/objects/name-rules.ts';

/** Ports: `http`, `web-2`. */
export const portName: NameRule = (name) => [
  ...(name.length > 15 ? ['must be no more than 15 characters'] : []),
  ...(/^[-a-z0-9]+$/.test(name)
    ? []
    : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
  ...(/[a-z]/.test(name) ? [] : ['must contain at least one letter (a-z)']),
  ...(name.includes('--') ? ['must not contain consecutive hyphens'] : []),
  ...(name.startsWith('-') || name.endsWith('-') ? ['must not begin or end with a hyphen'] : []),
];

const keyWords =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/** Keys of config maps and secrets, which become names of files. */
export const configKey: NameRule = (key) => [
  ...(key.length > 253 ? ['must be no more than 253 characters'] : []),
  ...(/^[-._a-zA-Z0-9]+$/.test(key) ? [] : [keyWords]),
  ...(key === '.' || key === '..'
    ? [`must not be '${key}'`]
    : key.startsWith('..')
      ? ["must not start with '..'"]
      : []),
];

/** What the kernel takes, as long as it can be seen. */
export const variableName: NameRule = (name) => [
  ...(name === '' ? ['environment variable name must be non-empty'] : []),
  ...(/^[ -<>-~]*$/.test(name)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]),
];

export const headerName: NameRule = (name) =>
  /^[-A-Za-z0-9]+$/.test(name)
    ? []
    : [
        "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
      ];

/** A driver of volumes: its letters may be large ones. */
export const driverName: NameRule = (name) => dnsSubdomain(name.toLowerCase());

/** Namespaces are labels, service accounts are not. */
export const namespaceName: NameRule = dnsLabel;
export const serviceAccountName: NameRule = dnsSubdomain;

const ownFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** Of a namespace's spec; an object's own are `metadata-rules.ts`'s. */
export const finalizerName: NameRule = (name) => [
  ...labelKey(name),
  ...(name.includes('/') || ownFinalizers.has(name)
    ? []
    : ['name is neither a standard finalizer name nor is it fully qualified']),
];
