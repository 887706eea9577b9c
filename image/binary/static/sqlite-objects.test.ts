import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { architectureOf } from '../../architecture.ts';
import { checkout } from '../../checkout.ts';
import { parseDefines } from './sqlite-objects.ts';
import { findToolchain } from './toolchain.ts';

t.test('parseDefines reads the settings that better-sqlite3 compiles SQLite with', async (t) => {
  const text = readFileSync(path.join(checkout, 'node_modules/better-sqlite3/deps/defines.gypi'), 'utf8');
  const defines = parseDefines(text);
  t.ok(defines.includes('SQLITE_DEFAULT_CACHE_SIZE=-16000'));
  t.ok(defines.includes('SQLITE_ENABLE_FTS5'));
  t.equal(defines.length, text.match(/^ +'[A-Z]\S*',$/gm)?.length, 'none is left out');
  t.throws(() => parseDefines("{ 'sources': [] }"), {
    code: 'damaged-input',
    message: /Look at parseDefines/,
  });
});

t.test('findToolchain names the Debian package of a compiler that is missing', async (t) => {
  const architecture = { ...architectureOf('arm64'), multiarch: 'vax-linux-gnu', compilerPackage: 'g++-vax' };
  await t.rejects(findToolchain(architecture), {
    code: 'missing-tool',
    message:
      /^The program vax-linux-gnu-\S+ is not on this machine; it makes the executable for arm64\. .*apt-get install g\+\+-vax$/,
  });
});
