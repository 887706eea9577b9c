/** How deep JSON goes, before anything that recurses sees it. Pure. */

/** More than any object of Kubernetes; the real server takes 10,000 and then has to look after its own stack. */
export const deepestNesting = 500;

const [quote, backslash] = ['"'.charCodeAt(0), '\\'.charCodeAt(0)];
const [openBrace, closeBrace] = ['{'.charCodeAt(0), '}'.charCodeAt(0)];
const [openBracket, closeBracket] = ['['.charCodeAt(0), ']'.charCodeAt(0)];

/** Whether the text goes deeper; of text that is no JSON it says something, and throws nothing. */
export function isNestedDeeper(json: Uint8Array, limit = deepestNesting): boolean {
  let depth = 0;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at] as number;
    if (byte === quote) at = endOfString(json, at);
    else if (byte === openBrace || byte === openBracket) {
      depth += 1;
      if (depth > limit) return true;
    } else if (byte === closeBrace || byte === closeBracket) depth -= 1;
  }
  return false;
}

function endOfString(json: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== quote) at += json[at] === backslash ? 2 : 1;
  return at;
}
