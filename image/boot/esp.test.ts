import { existsSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { buildEsp } from './esp.ts';

const mebibyte = 1024 * 1024;

t.test(
  'buildEsp refuses a boot partition that cannot hold three kernel images, and says how large it must be',
  async (t) => {
    const directory = t.testdir();
    const output = path.join(directory, 'esp.fat');
    const options = {
      tools: { tree: '/nonexistent', sourceDateEpoch: 0 },
      ...{ uki: new Uint8Array(20 * mebibyte), files: [], workDirectory: directory, output },
    };
    await t.rejects(buildEsp({ ...options, sizeBytes: 61 * mebibyte }), {
      code: 'does-not-fit',
      message: /sizes\.esp\) has 61 MiB and must hold 3 kernel images of 20 MiB: give it 62M\./,
    });
    t.notOk(existsSync(output), 'nothing is begun');
    // With the room that it asks for it goes on, to tools that are not there.
    await t.rejects(buildEsp({ ...options, sizeBytes: 62 * mebibyte }), { code: 'missing-tool' });
  },
);
