/** A bill of materials as SPDX 2.3 in JSON (spdx.github.io/spdx-spec/v2.3). */
import type { Bill, BillComponent } from './components.ts';
import { ownReferencePrefix } from './copyright-file.ts';

const none = 'NOASSERTION';

export function formatSpdx(bill: Bill): string {
  const { image, components, input } = bill;
  const all = [image, ...components];
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: input.image.fileName,
    documentNamespace: `urn:uuid:${bill.uuid}`,
    creationInfo: { created: bill.created, creators: [`Tool: trivet-${input.builderVersion}`] },
    packages: all.map(packageOf),
    hasExtractedLicensingInfos: ownLicenses(all),
    relationships: [
      relationship('SPDXRef-DOCUMENT', 'DESCRIBES', referenceOf(image)),
      ...components.map((component) => relationship(referenceOf(image), 'CONTAINS', referenceOf(component))),
    ],
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

function packageOf(component: BillComponent): Record<string, unknown> {
  const { checksum, supplier, maintainer } = component;
  return {
    SPDXID: referenceOf(component),
    ...{ name: component.name, versionInfo: component.version },
    primaryPackagePurpose: component.kind.toUpperCase(),
    downloadLocation: none,
    filesAnalyzed: false,
    licenseConcluded: none,
    licenseDeclared: component.license ?? none,
    copyrightText: none,
    supplier: supplier === null ? none : `${supplier.kind}: ${supplier.name}`,
    ...(maintainer === null ? {} : { originator: originator(maintainer) }),
    ...(component.homepage === null ? {} : { homepage: component.homepage }),
    ...(checksum === null
      ? {}
      : { checksums: [{ algorithm: checksum.algorithm, checksumValue: checksum.hex }] }),
    sourceInfo: component.origin,
    externalRefs: [
      { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: component.purl },
    ],
  };
}

/** Debian's "Name <address>" as SPDX's "Person: Name (address)"; most are teams. */
function originator(maintainer: string): string {
  const [, name = maintainer, address] = /^"?(.+?)"? <(.+)>$/.exec(maintainer) ?? [];
  const isTeam = /team|maintainers|group|debian|developers/i.test(name);
  return `${isTeam ? 'Organization' : 'Person'}: ${name}${address === undefined ? '' : ` (${address})`}`;
}

/** Every licence that SPDX has no name for must be explained. */
function ownLicenses(components: readonly BillComponent[]): readonly Record<string, string>[] {
  const owners = new Map<string, string>();
  for (const { name, license } of components) {
    for (const reference of license?.split(/[ ()]+/) ?? []) {
      if (reference.startsWith(ownReferencePrefix) && !owners.has(reference)) owners.set(reference, name);
    }
  }
  return [...owners].sort().map(([licenseId, owner]) => ({
    licenseId,
    name: licenseId.slice(ownReferencePrefix.length),
    extractedText: `Its text is in the image, in /usr/share/doc/${owner}/copyright.`,
  }));
}

function relationship(from: string, relationshipType: string, to: string): Record<string, string> {
  return { spdxElementId: from, relationshipType, relatedSpdxElement: to };
}

function referenceOf(component: BillComponent): string {
  return `SPDXRef-${component.id}`;
}
