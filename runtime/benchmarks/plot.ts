/** The results as a picture: one bar a row, how many times as good as etcd, on a logarithmic scale around one. */
import type { Row } from './bench.ts';
import { timesAsGood } from './table.ts';

const title = "Trivet's datastore, how many times as good as etcd 3.5";
const labelWidth = 420;
const plotWidth = 420;
const lineHeight = 22;
const top = 48;
/** Beyond this many times, better or worse, bars are cut off. */
const mostTimes = 10;

export function plotRatios(rows: readonly Row[], subtitle: string): string {
  const bars = rows.flatMap((row) => {
    const times = timesAsGood(row);
    return times === null ? [] : [{ name: row.name, times }];
  });
  const height = top + bars.length * lineHeight + 30;
  const x = (times: number): number => {
    const share = Math.log(Math.max(1 / mostTimes, Math.min(times, mostTimes))) / Math.log(mostTimes);
    return labelWidth + ((share + 1) / 2) * plotWidth;
  };
  const scale = [0.1, 0.25, 0.5, 1, 2, 4, 10].map(
    (times) =>
      `<line x1="${x(times)}" x2="${x(times)}" y1="${top - 6}" y2="${height - 24}" class="${times === 1 ? 'one' : 'grid'}"/>` +
      `<text x="${x(times)}" y="${height - 8}" text-anchor="middle">${times}×</text>`,
  );
  const drawn = bars.map(({ name, times }, index) => {
    const y = top + index * lineHeight;
    const [from, to] = times >= 1 ? [x(1), x(times)] : [x(times), x(1)];
    const side = times >= 1 ? `x="${to + 5}"` : `x="${from - 5}" text-anchor="end"`;
    return (
      `<text x="${labelWidth - 10}" y="${y + 12}" text-anchor="end">${escapeXml(name)}</text>` +
      `<rect x="${from.toFixed(1)}" y="${y}" width="${Math.max(1, to - from).toFixed(1)}" height="${lineHeight - 6}" ` +
      `class="${times >= 1 ? 'better' : 'worse'}"/><text ${side} y="${y + 12}">${times.toFixed(2)}</text>`
    );
  });
  const width = labelWidth + plotWidth + 60;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title>${title}</title>`,
    '<style>text{font:12px sans-serif;fill:#333}.title{font-size:15px;font-weight:bold}.grid{stroke:#ddd}',
    '.one{stroke:#333}.better{fill:#2b7a4b}.worse{fill:#b4532a}</style>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="12" y="20" class="title">${title}</text>`,
    `<text x="12" y="37">${escapeXml(subtitle)}</text>`,
    ...scale,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
