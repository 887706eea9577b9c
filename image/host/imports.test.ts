import t from 'tap';
import { checkImports } from './imports.ts';

t.test('checkImports accepts what the table allows', async (t) => {
  const sources = [
    { path: 'runtime/raft/raft.ts', text: "import { tick } from './tick.ts';\n" },
    { path: 'runtime/raft/tick.ts', text: "import t from 'tap';\n" },
    { path: 'runtime/datastore/replica.ts', text: "import { step } from '../raft/raft.ts';\n" },
    { path: 'image/recipe/schema.ts', text: "import { c } from '../../runtime/config/schema.ts';\n" },
    { path: 'runtime/config/schema.ts', text: '' },
  ];
  t.strictSame(checkImports(sources), []);
});

t.test('checkImports names an import that goes upward', async (t) => {
  const sources = [
    { path: 'runtime/raft/raft.ts', text: "import {\n  a,\n} from '../datastore/store.ts';\n" },
    { path: 'runtime/datastore/store.ts', text: '' },
    { path: 'image/build.ts', text: "import type { S } from '../runtime/admin/protocol.ts';\n" },
    { path: 'runtime/admin/protocol.ts', text: '' },
  ];
  const problems = checkImports(sources);
  t.equal(problems.length, 2);
  t.match(problems[0], 'runtime/raft may import only itself');
  t.match(problems[1], 'image may import only image/formats, runtime/config');
});

t.test('checkImports names circles, also through export and import()', async (t) => {
  const sources = [
    { path: 'image/a.ts', text: "export { b } from './b.ts';\n" },
    { path: 'image/b.ts', text: "const c = await import('./c.ts');\n" },
    { path: 'image/c.ts', text: "import './x.js';\nimport { a } from './a.ts';\n" },
  ];
  t.strictSame(checkImports(sources), [
    'a circle of imports: image/a.ts -> image/b.ts -> image/c.ts -> image/a.ts',
  ]);
});

t.test('checkImports names a folder outside the table', async (t) => {
  const sources = [
    { path: 'image/a.ts', text: '' },
    { path: 'elsewhere/a.ts', text: "import { b } from '../image/a.ts';\n" },
  ];
  const problems = checkImports(sources);
  t.match(problems[0], 'is in no area');
});
