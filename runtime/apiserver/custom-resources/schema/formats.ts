/** What a `format` of a schema asks of a text; one that nobody knows asks nothing. (…/pkg/apiserver/validation/formats.go) Pure. */
import { parseDuration, parseTimestamp } from '../../cel/times.ts';

/** Longer texts are none of these. */
const longestText = 2048;

const hex = '[0-9a-f]';
const uuid = (version: string): RegExp => new RegExp(`^${hex}{8}-?${hex}{4}-?${version}-?${hex}{12}$`, 'i');
const plain = `${hex}{4}`;

function isIpv4(text: string): boolean {
  return (
    /^\d{1,3}(\.\d{1,3}){3}$/.test(text) &&
    text.split('.').every((byte) => /^(0|[1-9]\d*)$/.test(byte) && Number(byte) < 256)
  );
}

function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2 || !text.includes(':')) return false;
  const words = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = words.at(-1) ?? '';
  const isMixed = last.includes('.');
  const groups = isMixed ? words.slice(0, -1) : words;
  const count = groups.length + (isMixed ? 2 : 0);
  const isWhole = halves.length === 1 ? count === 8 : count < 8;
  return isWhole && (!isMixed || isIpv4(last)) && groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group));
}

function isCidr(text: string): boolean {
  const match = /^(.+)\/(\d{1,3})$/.exec(text);
  if (match === null) return false;
  const [, address = '', length = ''] = match;
  return isIpv4(address) ? Number(length) <= 32 : isIpv6(address) && Number(length) <= 128;
}

/** Without the hyphens of their names. */
const formats: Readonly<Record<string, (text: string) => boolean>> = {
  bsonobjectid: (text) => /^[0-9a-f]{24}$/i.test(text),
  uri: (text) => /^([a-z][a-z0-9+.-]*:[^\s]+|\/[^\s]*)$/i.test(text),
  email: (text) => /^[^\s@<>]+@[^\s@<>]+$/.test(text),
  hostname: (text) =>
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*\.?$/i.test(text),
  ipv4: isIpv4,
  ipv6: isIpv6,
  cidr: isCidr,
  mac: (text) =>
    /^[0-9a-f]{2}([-:][0-9a-f]{2}){5}([-:][0-9a-f]{2}){0,14}$|^[0-9a-f]{4}(\.[0-9a-f]{4}){2,3}$/i.test(text),
  uuid: (text) => uuid(`${plain}-?${plain}`).test(text),
  uuid3: (text) => uuid(`3${hex}{3}-?${plain}`).test(text),
  uuid4: (text) => uuid(`4${hex}{3}-?[89ab]${hex}{3}`).test(text),
  uuid5: (text) => uuid(`5${hex}{3}-?[89ab]${hex}{3}`).test(text),
  hexcolor: (text) => /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text),
  byte: (text) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text),
  date: (text) => parseTimestamp(`${text}T00:00:00Z`) !== null,
  datetime: (text) => parseTimestamp(text) !== null,
  duration: (text) => parseDuration(text.replaceAll(' ', '')) !== null,
};

export function hasFormat(format: string, text: string): boolean {
  const name = format.replaceAll('-', '');
  if (!Object.hasOwn(formats, name)) return true;
  // Only bytes are as long as one likes.
  if (text.length > longestText && name !== 'byte') return false;
  return (formats[name] as (text: string) => boolean)(text);
}
