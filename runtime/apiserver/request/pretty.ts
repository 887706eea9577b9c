/** Who is sent JSON that people can read. (k8s.io/apiserver/pkg/endpoints/handlers/negotiation/negotiate.go) Pure. */

/** As Go's `strconv.ParseBool` has it. */
const yes: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
/** With these people look for themselves. */
const lookers = ['curl', 'Wget', 'Mozilla/5.0'];

export function wantsPretty(query: URLSearchParams, userAgent: string): boolean {
  const said = query.get('pretty') ?? '';
  if (said !== '') return yes.has(said);
  return lookers.some((name) => userAgent.startsWith(name));
}
