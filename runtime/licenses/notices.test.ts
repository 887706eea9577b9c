import t from 'tap';
import { type Component, decodeNotices, encodeNotices, joinNotices } from './notices.ts';

const zlib: Component = {
  ...{ name: 'zlib', version: '1.3', license: 'Zlib', source: 'part of node' },
  text: 'Copyright © Jean-loup Gailly\n\n',
};
const left: Component = { name: 'Left', version: '2', license: 'MIT', source: 'npm', text: 'MIT\n  License' };
const right: Component = { ...left, name: 'left', version: '10', text: 'another' };

t.test('joinNotices gives one text in the order of the names, and says where each licence is', async (t) => {
  const notices = joinNotices([zlib, right, left]);
  t.same(
    notices.components.map(({ name, version }) => `${name} ${version}`),
    ['left 10', 'Left 2', 'zlib 1.3'],
  );
  t.same(
    notices.components.map(({ start, end }) => notices.text.slice(start, end)),
    ['another\n', 'MIT\n  License\n', 'Copyright © Jean-loup Gailly\n'],
  );
  t.match(notices.text, /\nLeft 2 \(MIT; npm\)\n=+\n\nMIT\n {2}License\n/);
});

t.test(
  'encodeNotices gives the same bytes for the same components, and decodeNotices reads them',
  async (t) => {
    const bytes = encodeNotices(joinNotices([zlib, left, right]));
    t.same(encodeNotices(joinNotices([right, zlib, left])), bytes);
    t.same(decodeNotices(bytes), joinNotices([zlib, left, right]));
  },
);
