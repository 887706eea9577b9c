/** Comments as descriptions in OpenAPI, folded by the rules of k8s.io/kube-openapi's generator. */
import type { GoConstant } from './declarations.ts';

/** Lines become paragraphs; markers, to-dos and what stands below `---` are left out. */
export function describe(comment: readonly string[]): string {
  let text = '';
  for (const line of comment) {
    if (line === '---') break;
    const leading = line.trimStart();
    if (line === '') {
      text = `${text.slice(0, -1)}\n\n`;
    } else if (leading.startsWith('TODO') || leading.startsWith('+')) {
    } else if (line.startsWith(' ') || line.startsWith('\t')) {
      // An example, which keeps its lines.
      text = `${text.slice(0, -1)}\n${line}\n`;
    } else {
      text += `${line} `;
    }
  }
  // The generator writes a Go string, so that a backslash before a quote or a backslash is gone.
  return text.trim().replace(/\\(["\\])/g, '$1');
}

/** The lines about an enumeration that follow the comment of a field. */
export function describeValues(values: readonly GoConstant[]): readonly string[] {
  if (values.length === 0) return [];
  const lines = values.map(({ name, value, comment }) => {
    const said = comment.join('\n').trim();
    const rest = said.startsWith(name) ? said.slice(name.length) : said;
    return ` - \`${JSON.stringify(value)}\` ${rest.trim().replace(/\s+/g, ' ')}`.trimEnd();
  });
  return ['', 'Possible enum values:', ...lines.sort()];
}
