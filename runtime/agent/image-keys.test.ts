import path from 'node:path';
import t from 'tap';
import { createLog } from '../logging/log.ts';
import { warnOfDevelopmentKeys } from './image-keys.ts';

t.test('warnOfDevelopmentKeys speaks of development keys only', async (t) => {
  const directory = t.testdir({
    development: '{"keys":"development"}',
    operator: '{"keys":"operator"}',
    damaged: '{"keys":',
  });
  const said = async (name: string): Promise<string> => {
    let text = '';
    await warnOfDevelopmentKeys(
      createLog((line) => {
        text += line;
      }),
      path.join(directory, name),
    );
    return text;
  };
  t.match(await said('development'), /signed with development keys/);
  for (const name of ['operator', 'damaged', 'absent']) t.equal(await said(name), '', name);
});
