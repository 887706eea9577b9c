/** Reads licences out of Debian's machine-readable copyright files (copyright-format 1.0) as SPDX expressions. */

/** Debian's short names of licences that SPDX names as well. Versions with a `+` follow by rule. */
const families: Readonly<Record<string, string>> = {
  ...{ GPL: 'GPL', LGPL: 'LGPL', AGPL: 'AGPL', GFDL: 'GFDL' },
};
const names: Readonly<Record<string, string>> = {
  ...{ 'apache-2.0': 'Apache-2.0', 'artistic-2.0': 'Artistic-2.0', artistic: 'Artistic-1.0', isc: 'ISC' },
  ...{ 'bsd-2-clause': 'BSD-2-Clause', 'bsd-3-clause': 'BSD-3-Clause', 'bsd-4-clause': 'BSD-4-Clause' },
  ...{ 'bsd-2': 'BSD-2-Clause', 'bsd-3': 'BSD-3-Clause', 'bsd-4': 'BSD-4-Clause', '0bsd': '0BSD' },
  ...{ expat: 'MIT', mit: 'MIT', zlib: 'Zlib', 'cc0-1.0': 'CC0-1.0', cc0: 'CC0-1.0', 'mpl-2.0': 'MPL-2.0' },
  ...{ 'cc-by-3.0': 'CC-BY-3.0', 'cc-by-sa-3.0': 'CC-BY-SA-3.0', 'cc-by-sa-4.0': 'CC-BY-SA-4.0' },
  ...{ 'mit-0': 'MIT-0', unlicense: 'Unlicense', 'bsl-1.0': 'BSL-1.0', x11: 'X11', 'mpl-1.1': 'MPL-1.1' },
};

/** What SPDX has no name for, with the name it gets. */
export const ownReferencePrefix = 'LicenseRef-debian-';

/** @returns null when the file is in free form or names no licence. */
export function licenseOfCopyright(text: string): string | null {
  if (!/^Format(-Specification)?: \S*copyright-format/m.test(text.slice(0, 500))) return null;
  const found = new Set<string>();
  for (const paragraph of text.split(/\n\s*\n/)) {
    if (!/^Files:/m.test(paragraph)) continue;
    const license = /^License:[ \t]*(\S.*)$/m.exec(paragraph)?.[1];
    if (license === undefined) continue;
    const expression = toExpression(license.trim());
    // A plain list of several is taken apart, so that each is named once.
    const parts =
      expression.includes('(') || expression.includes(' OR ') ? [expression] : expression.split(' AND ');
    for (const part of parts) found.add(part);
  }
  if (found.size === 0) return null;
  const parts = [...found].sort();
  return parts.map((part) => (parts.length > 1 && part.includes(' OR ') ? `(${part})` : part)).join(' AND ');
}

/** `GPL-2+ or BSD-3-clause, and MIT`: a comma before a word binds less than the word alone. */
function toExpression(license: string): string {
  const join = (text: string, word: RegExp, joined: string, next: (part: string) => string): string => {
    const parts = [...new Set(text.split(word).map(next))];
    return parts
      .map((part) => (parts.length > 1 && / (OR|AND) /.test(part) ? `(${part})` : part))
      .join(joined);
  };
  const either = (text: string): string =>
    join(text, /\s+(?:or|\|)\s+/i, ' OR ', (part) => join(part, /\s+(?:and|&)\s+/i, ' AND ', toIdentifier));
  return join(license, /\s*,\s+(?:and\s+)?/i, ' AND ', (part) => either(part.replace(/^or\s+/i, '')));
}

function toIdentifier(name: string): string {
  const [, family = '', version = '', later = ''] =
    /^(A?GPL|LGPL|GFDL)-(\d(?:\.\d)?)(?:\.0)?(\+|-or-later|-only)?$/i.exec(name) ?? [];
  const known = families[family.toUpperCase()];
  if (known !== undefined) {
    const full = version.includes('.') ? version : `${version}.0`;
    return `${known}-${full}-${/^(\+|-or-later)$/i.test(later) ? 'or-later' : 'only'}`;
  }
  return (
    names[name.toLowerCase()] ??
    ownReferencePrefix + name.replace(/[^A-Za-z0-9.-]+/g, '-').replace(/^-|-$/g, '')
  );
}
