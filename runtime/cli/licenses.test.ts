import t from 'tap';
import { joinNotices } from '../licenses/notices.ts';
import { formatLicenses } from './licenses.ts';

const notices = joinNotices([
  { name: 'OpenSSL', version: 'in 24', license: 'Apache-2.0', source: 'part of node', text: 'Apache' },
  { name: 'tslib', version: '1.14.1', license: '0BSD', source: 'npm', text: 'older' },
  { name: 'tslib', version: '2.9.1', license: '0BSD', source: 'npm', text: 'newer' },
]);
const plain = { all: false, json: false };

t.test('formatLicenses lists every component in a table', async (t) => {
  const table = [
    'NAME     VERSION  LICENCE     FROM',
    'OpenSSL  in 24    Apache-2.0  part of node',
    'tslib    1.14.1   0BSD        npm',
    'tslib    2.9.1    0BSD        npm',
  ];
  t.equal(formatLicenses(notices, undefined, plain), `${table.join('\n')}\n`);
});

t.test('formatLicenses prints the texts of a name, of all its versions, in any case', async (t) => {
  t.equal(formatLicenses(notices, 'openssl', plain), 'Apache\n');
  t.equal(formatLicenses(notices, 'tslib', plain), 'older\n\nnewer\n');
  t.throws(() => formatLicenses(notices, 'ssl', plain), {
    exitCode: 1,
    message: /nothing called "ssl" in this executable. "trivet licenses" lists/,
  });
});

t.test('formatLicenses gives JSON with the texts where they were asked for', async (t) => {
  const json = (name: string | undefined, all: boolean): unknown =>
    JSON.parse(formatLicenses(notices, name, { all, json: true }));
  const tslib = { name: 'tslib', version: '1.14.1', license: '0BSD', source: 'npm' };
  t.strictSame((json(undefined, false) as unknown[])[1], tslib);
  t.strictSame((json(undefined, true) as unknown[])[1], { ...tslib, text: 'older\n' });
  t.strictSame((json('tslib', false) as unknown[]).length, 2);
});

t.test('formatLicenses prints the whole text with --all', async (t) => {
  t.equal(formatLicenses(notices, undefined, { all: true, json: false }), notices.text);
});
