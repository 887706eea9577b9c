/** Ports, by number and by name. (k8s.io/apimachinery/pkg/util/validation) Pure. */
import type { NameRule } from '../../apiserver/objects/name-rules.ts';

const longestName = 15;

export function checkPortNumber(port: unknown): readonly string[] {
  const isPort = typeof port === 'number' && port >= 1 && port <= 65_535;
  return isPort ? [] : ['must be between 1 and 65535, inclusive'];
}

export const portName: NameRule = (name) => [
  ...(name.length > longestName ? [`must be no more than ${longestName} characters`] : []),
  ...(/^[-a-z0-9]+$/.test(name)
    ? []
    : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
  ...(/[a-z]/.test(name) ? [] : ['must contain at least one letter (a-z)']),
  ...(name.includes('--') ? ['must not contain consecutive hyphens'] : []),
  ...(/^-|-$/.test(name) ? ['must not begin or end with a hyphen'] : []),
];
