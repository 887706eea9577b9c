/** Everything that is in an image, as the two kinds of bill of materials need it. Pure. */
import type { Notice } from '../../runtime/licenses/notices.ts';
import { derivedUuid } from '../plan/plan.ts';
import type { PackageFacts } from './package-facts.ts';

export interface BillComponent {
  /** Unique in the bill, of letters, digits, dots and hyphens. */
  readonly id: string;
  readonly kind: 'operating-system' | 'library' | 'application';
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  /** An SPDX expression; null when nobody has said one that a machine can read. */
  readonly license: string | null;
  /** Of the file that it came as, where there is one. */
  readonly checksum: { readonly algorithm: 'SHA256' | 'SHA512'; readonly hex: string } | null;
  readonly supplier: { readonly kind: 'Organization' | 'Person'; readonly name: string } | null;
  readonly maintainer: string | null;
  readonly homepage: string | null;
  /** In words, where it was taken from. */
  readonly origin: string;
}

export interface BillInput {
  readonly image: { readonly name: string; readonly version: string; readonly fileName: string };
  /** Of the disk image. */
  readonly sha256: string;
  readonly release: string;
  readonly packages: readonly PackageFacts[];
  /** What is in the executable. */
  readonly notices: readonly Notice[];
  /** `sha512-BASE64` of npm's packages. */
  readonly integrities: readonly {
    readonly name: string;
    readonly version: string;
    readonly integrity: string;
  }[];
  readonly builderVersion: string;
  readonly sourceDateEpoch: number;
}

/** A bill before it is written in one of the formats. */
export interface Bill {
  readonly input: BillInput;
  /** Follows from the image. */
  readonly uuid: string;
  /** ISO 8601, in seconds. */
  readonly created: string;
  readonly image: BillComponent;
  readonly components: readonly BillComponent[];
}

export function makeBill(input: BillInput): Bill {
  const components = [
    ...input.packages.map((item) => packageComponent(item, input.release)),
    ...input.notices.map((notice) => noticeComponent(notice, input)),
  ];
  return {
    input,
    uuid: derivedUuid(`bill of materials ${input.image.fileName} ${input.sha256}`),
    created: new Date(input.sourceDateEpoch * 1000).toISOString().replace('.000', ''),
    image: imageComponent(input),
    components: withUniqueIds(components).sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

function imageComponent({ image, sha256 }: BillInput): BillComponent {
  return {
    ...{
      id: `image-${idText(image.name)}`,
      kind: 'operating-system',
      name: image.fileName,
      version: image.version,
    },
    purl: `pkg:generic/${encode(image.fileName)}@${encode(image.version)}?checksum=sha256:${sha256}`,
    ...{ license: null, checksum: { algorithm: 'SHA256', hex: sha256 } },
    ...{ supplier: null, maintainer: null, homepage: null, origin: 'made by trivet build' },
  };
}

function packageComponent(item: PackageFacts, release: string): BillComponent {
  const { name, version, architecture, source } = item;
  const upstream =
    source.name === name && source.version === version
      ? ''
      : `&upstream=${encode(`${source.name}@${source.version}`)}`;
  return {
    ...{ id: `deb-${idText(name)}-${idText(version)}`, kind: 'library', name, version },
    purl: `pkg:deb/debian/${encode(name)}@${encode(version)}?arch=${architecture}&distro=debian-${release}${upstream}`,
    license: item.license,
    checksum: { algorithm: 'SHA256', hex: item.sha256 },
    supplier: { kind: 'Organization', name: 'Debian' },
    ...{ maintainer: item.maintainer, homepage: item.homepage },
    origin: `Debian package, built from source package ${source.name} ${source.version}`,
  };
}

function noticeComponent(notice: Notice, input: BillInput): BillComponent {
  const { name, version, license, source } = notice;
  const isNpm = source === 'npm' && name !== 'node';
  const integrity = input.integrities.find(
    (item) => item.name === name && item.version === version,
  )?.integrity;
  const hash = /^sha512-(.+)$/.exec(integrity ?? '')?.[1];
  return {
    id: `${isNpm ? 'npm' : 'part'}-${idText(name)}-${idText(version)}`,
    kind: name === 'trivet' ? 'application' : 'library',
    ...{ name, version, license: license === '' ? null : license },
    purl: purlOf(notice, isNpm),
    checksum:
      hash === undefined ? null : { algorithm: 'SHA512', hex: Buffer.from(hash, 'base64').toString('hex') },
    ...{ supplier: null, maintainer: null, homepage: null },
    origin: `in the executable /usr/bin/trivet: ${source}`,
  };
}

function purlOf({ name, version, source }: Notice, isNpm: boolean): string {
  const plainVersion = encode(version.replace(/^in /, ''));
  if (isNpm) return `pkg:npm/${name.split('/').map(encode).join('/')}@${plainVersion}`;
  if (source === 'Debian package') return `pkg:deb/debian/${encode(name)}@${plainVersion}`;
  // A part of Node has no version of its own in Node's licence text: it is named by Node's.
  if (version.startsWith('in ')) return `pkg:generic/node@${plainVersion}#${encode(name)}`;
  return `pkg:generic/${encode(name)}@${plainVersion}`;
}

/** As the purl specification encodes: like URLs, with `:` left alone. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':');
}

function idText(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]+/g, '-').replace(/^-+|-+$/g, '');
}

/** The same library may be there twice under one name, such as one that Node has and npm brings. */
function withUniqueIds(components: readonly BillComponent[]): BillComponent[] {
  const seen = new Map<string, number>();
  return components.map((component) => {
    const count = (seen.get(component.id) ?? 0) + 1;
    seen.set(component.id, count);
    return count === 1 ? component : { ...component, id: `${component.id}-${count}` };
  });
}
