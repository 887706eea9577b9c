/**
 * What names, labels and their like may look like. Each rule gives the sentences that say what is wrong, in the words of
 * the real server, and none where all is well. (k8s.io/apimachinery/pkg/util/validation) Pure.
 */

export type NameRule = (name: string) => readonly string[];

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualifiedName = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${qualifiedName})?`;

/** Most resources: a DNS subdomain. */
export const dnsSubdomain: NameRule = makeRule(
  253,
  subdomain,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  ['example.com'],
);

const plainLabel = makeRule(
  63,
  label,
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  ['my-name', '123-abc'],
);

/** Namespaces, and what becomes a host name. */
export const dnsLabel: NameRule = (name) => {
  const hasOnlyDots = name.includes('.') && dnsSubdomain(name).length === 0;
  if (!hasOnlyDots) return plainLabel(name);
  return [...plainLabel(name).filter((why) => why.startsWith('must be no more')), 'must not contain dots'];
};

/** Services: begins with a letter. */
export const dns1035Label: NameRule = makeRule(
  63,
  label1035,
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  ['my-name', 'abc-123'],
);

/** Roles and their like: whatever can stand in a path. */
export const pathSegment: NameRule = (name) => {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%']
    .filter((character) => name.includes(character))
    .map((character) => `may not contain '${character}'`);
};

const qualifiedNamePart = makeRule(
  63,
  qualifiedName,
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ['MyName', 'my.name', '123-abc'],
  'name part ',
);

/** '' is one. */
export const labelValueOf: NameRule = makeRule(
  63,
  labelValue,
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ['MyValue', 'my_value', '12345'],
);

/** Keys of labels and annotations: `name`, or `prefix/name` with a DNS subdomain as prefix. */
export const labelKey: NameRule = (key) => {
  const parts = key.split('/');
  const name = parts.at(-1) as string;
  if (parts.length > 2) {
    return [
      `a qualified name ${qualifiedWords} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const prefix = parts.length === 2 ? (parts[0] as string) : null;
  const ofPrefix =
    prefix === null
      ? []
      : prefix === ''
        ? ['prefix part must be non-empty']
        : dnsSubdomain(prefix).map((why) => `prefix part ${why}`);
  return [...ofPrefix, ...(name === '' ? ['name part must be non-empty'] : []), ...qualifiedNamePart(name)];
};

const qualifiedWords = `must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualifiedName}')`;

function makeRule(
  longest: number,
  expression: string,
  words: string,
  examples: readonly string[],
  subject = '',
): NameRule {
  const pattern = new RegExp(`^${expression}$`);
  const shown = examples.map((example) => `'${example}'`).join(',  or ');
  const sentence = `${words} (e.g. ${shown}, regex used for validation is '${expression}')`;
  return (name) => [
    ...(name.length > longest ? [`${subject}must be no more than ${longest} characters`] : []),
    // A name that is much too long is not searched.
    ...(name.length > 4 * longest || !pattern.test(name) ? [sentence] : []),
  ];
}
