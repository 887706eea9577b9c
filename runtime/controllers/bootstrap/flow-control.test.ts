import t from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { type DefaultObject, flowControlDefaults, repairedDefault } from './flow-control.ts';

const find = (name: string): DefaultObject =>
  flowControlDefaults.find(({ object }) => object.metadata.name === name) as DefaultObject;
const word = 'apf.kubernetes.io/autoupdate-spec';

/** As the server has it: with what it fills in. */
function stored(
  { object }: DefaultObject,
  annotation: string | null,
  more: object = {},
  generation = 1,
): ApiObject {
  const annotations = annotation === null ? {} : { [word]: annotation };
  const spec = { ...(object.spec as object), filledIn: 1, ...more };
  return { ...object, metadata: { ...object.metadata, generation, annotations }, spec };
}

t.test('repairedDefault leaves alone what says all that is wanted', async (t) => {
  for (const wanted of flowControlDefaults) t.equal(repairedDefault(wanted, stored(wanted, 'true')), null);
});

t.test(
  'repairedDefault follows the word of people for what is suggested, and not for what is mandatory',
  async (t) => {
    const changed = { matchingPrecedence: 7 };
    const suggested = find('probes');
    t.match(repairedDefault(suggested, stored(suggested, 'true', changed)), {
      spec: { matchingPrecedence: 2 },
    });
    t.equal(repairedDefault(suggested, stored(suggested, 'false', changed)), null);
    const mandatory = find('catch-all');
    const level = { type: 'Exempt' };
    const repaired = repairedDefault(mandatory, stored(mandatory, 'false', level));
    t.match(repaired, { metadata: { annotations: { [word]: 'true' } }, spec: { type: 'Limited' } });
  },
);

t.test('repairedDefault says of what has no word yet whether people have changed it', async (t) => {
  const wanted = find('probes');
  const untouched = repairedDefault(wanted, stored(wanted, null, { matchingPrecedence: 7 }));
  t.match(untouched, { metadata: { annotations: { [word]: 'true' } }, spec: { matchingPrecedence: 2 } });
  const touched = repairedDefault(wanted, stored(wanted, null, { matchingPrecedence: 7 }, 2));
  t.match(touched, { metadata: { annotations: { [word]: 'false' } }, spec: { matchingPrecedence: 7 } });
});
