/** A device's label as SVG: a QR code, and the same for people. 62 by 29 millimetres, as label printers have it. Pure. */
import { encode } from 'uqr';
import type { BatchDevice } from '../../runtime/vouchers/manifest.ts';

const width = 62;
const height = 29;
const margin = 1.5;
/** Light modules around the code, which readers need (ISO/IEC 18004). */
const quietModules = 4;

/** What the code says. Capital letters: QR codes have a short form for them. */
export function qrText({ id, fingerprint }: Pick<BatchDevice, 'id' | 'fingerprint'>): string {
  return `TRIVET:${id}:${fingerprint}`.toUpperCase();
}

/** Of the code alone: true is dark. */
export function qrModules(text: string): readonly (readonly boolean[])[] {
  return encode(text, { ecc: 'M', border: 0 }).data;
}

export function drawLabel(device: BatchDevice): string {
  const modules = qrModules(qrText(device));
  const side = height - 2 * margin;
  const scale = side / (modules.length + 2 * quietModules);
  const { id, name, serial, fingerprint } = device;
  const lines = [
    ...(name === null ? [] : [{ text: name, size: 4 }]),
    { text: id, size: 4 },
    ...(serial === null ? [] : [{ text: `S/N ${serial}`, size: 2.2 }]),
    ...[fingerprint.slice(0, 16), fingerprint.slice(16)].map((half) => ({ text: half, size: 2.2 })),
  ];
  let y = margin + 1;
  const texts = lines.map(({ text, size }) => {
    y += size * 1.3;
    return `<text x="${side + 2 * margin}" y="${round(y)}" font-size="${size}">${escapeXml(text)}</text>`;
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}mm" height="${height}mm" viewBox="0 0 ${width} ${height}">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<path transform="translate(${margin} ${margin}) scale(${round(scale)}) translate(${quietModules} ${quietModules})" shape-rendering="crispEdges" d="${pathOf(modules)}"/>`,
    '<g font-family="monospace">',
    ...texts,
    '</g>',
    '</svg>',
  ].join('\n')}\n`;
}

/** A rectangle for each run of dark modules. */
function pathOf(modules: readonly (readonly boolean[])[]): string {
  return modules
    .flatMap((row, y) =>
      row.flatMap((dark, x) => {
        if (!dark || row[x - 1]) return [];
        const end = row.indexOf(false, x);
        return [`M${x} ${y}h${(end < 0 ? row.length : end) - x}v1H${x}z`];
      }),
    )
    .join('');
}

function round(number: number): number {
  return Math.round(number * 10_000) / 10_000;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
