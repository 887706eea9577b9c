import t from 'tap';
import { configKey, finalizerName, headerName, portName, variableName } from './names.ts';

t.test('names are refused in the words of the real server', async (t) => {
  t.same(portName('http-1'), []);
  t.same(portName('a'.repeat(16)), ['must be no more than 15 characters']);
  t.same(portName('Web'), ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']);
  t.same(portName('80'), ['must contain at least one letter (a-z)']);
  t.same(portName('a--b'), ['must not contain consecutive hyphens']);
  t.same(portName('-a'), ['must not begin or end with a hyphen']);
  t.same(configKey('a.b_c-D'), []);
  t.same(configKey('..'), ["must not be '..'"]);
  t.same(configKey('..a'), ["must not start with '..'"]);
  t.match(configKey('a b'), [/^a valid config key must consist of/]);
  t.same(variableName('1 a!'), []);
  t.match(variableName('a=b'), [/printable ASCII characters other than '='$/]);
  t.match(variableName('ä'), [/printable ASCII/]);
  t.match(headerName('a b'), [/^a valid HTTP header/]);
  t.same(finalizerName('kubernetes'), []);
  t.same(finalizerName('example.com/x'), []);
  t.same(finalizerName('x'), ['name is neither a standard finalizer name nor is it fully qualified']);
});
