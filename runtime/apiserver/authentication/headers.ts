/** Headers one by one: what a proxy says, and impersonation, count how often a name comes. Pure. */

/** By lower-case name. */
export type Headers = Readonly<Record<string, readonly string[] | undefined>>;

/** @param raw names and values by turns, as `rawHeaders` of HTTP/1.1 and 2 has them. */
export function readHeaders(raw: readonly string[]): Headers {
  const headers = new Map<string, string[]>();
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase();
    const values = headers.get(name) ?? [];
    values.push(raw[at + 1] as string);
    headers.set(name, values);
  }
  return Object.fromEntries(headers);
}
