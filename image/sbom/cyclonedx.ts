/** A bill of materials as CycloneDX 1.6 in JSON (cyclonedx.org/docs/1.6/json). */
import type { Bill, BillComponent } from './components.ts';

export function formatCycloneDx(bill: Bill): string {
  const { image, components, input } = bill;
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${bill.uuid}`,
    version: 1,
    metadata: {
      timestamp: bill.created,
      tools: { components: [{ type: 'application', name: 'trivet', version: input.builderVersion }] },
      component: componentOf(image),
    },
    components: components.map(componentOf),
    dependencies: [{ ref: image.id, dependsOn: components.map(({ id }) => id) }],
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

function componentOf(component: BillComponent): Record<string, unknown> {
  const { checksum, license, supplier, maintainer, homepage } = component;
  return {
    'bom-ref': component.id,
    type: component.kind,
    ...(supplier === null ? {} : { supplier: { name: supplier.name } }),
    ...(maintainer === null ? {} : { publisher: maintainer }),
    ...{ name: component.name, version: component.version, description: component.origin },
    ...(checksum === null
      ? {}
      : { hashes: [{ alg: checksum.algorithm.replace('SHA', 'SHA-'), content: checksum.hex }] }),
    ...(license === null ? {} : { licenses: [{ expression: license }] }),
    purl: component.purl,
    ...(homepage === null ? {} : { externalReferences: [{ type: 'website', url: homepage }] }),
  };
}
