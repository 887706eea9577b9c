import t from 'tap';
import { canonicalQuantity } from './quantity.ts';

t.test('canonicalQuantity takes the largest unit that leaves no fraction', async (t) => {
  const samples: readonly (readonly [string, string])[] = [
    ['0', '0'],
    ['-0', '0'],
    ['0.5', '500m'],
    ['0.5Gi', '512Mi'],
    ['1.5Gi', '1536Mi'],
    ['1024', '1024'],
    ['1000', '1k'],
    ['1000m', '1'],
    ['100000e-3', '100'],
    ['12e7', '120e6'],
    ['0.1n', '1n'],
    ['1e-99999', '1e-9'],
    ['512Ki', '512Ki'],
    ['1.0005Ki', '1024512m'],
    ['1Ei', '1Ei'],
    ['100Ei', '9223372036854775807'],
    ['-2048Ki', '-2Mi'],
  ];
  for (const [input, expected] of samples) t.equal(canonicalQuantity(input), expected, input);
});

t.test('canonicalQuantity keeps what Kubernetes keeps', async (t) => {
  for (const text of ['100m', '1Gi', '1500m', '1.500', '+1', '12e6', '250Mi', '1e0']) {
    t.equal(canonicalQuantity(text), text);
  }
});

t.test('canonicalQuantity refuses what is too long to be meant', async (t) => {
  t.equal(canonicalQuantity(`${'1'.repeat(1_000_000)}x`), null);
  t.equal(canonicalQuantity('1e9999999'), null);
});
