/**
 * The order of versions by which systemd-boot takes the newest entry: UAPI.10, the version format specification, as
 * systemd's `strverscmp_improved` implements it. Pure.
 */

/** Negative when `a` is older than `b`, positive when it is newer, 0 when neither is. */
export function compareVersions(a: string, b: string): number {
  let [left, right] = [a, b];
  for (;;) {
    left = left.replace(/^[^0-9A-Za-z.~^-]+/, '');
    right = right.replace(/^[^0-9A-Za-z.~^-]+/, '');
    // What follows a tilde is older than nothing at all (1.0~rc1 before 1.0), so this comes before the end.
    if (left[0] === '~' || right[0] === '~') {
      if (left[0] !== right[0]) return left[0] === '~' ? -1 : 1;
      [left, right] = [left.slice(1), right.slice(1)];
    }
    if (left === '' || right === '') return Math.sign(left.length - right.length);
    for (const separator of ['-', '^', '.']) {
      if (left[0] !== separator && right[0] !== separator) continue;
      if (left[0] !== right[0]) return left[0] === separator ? -1 : 1;
      [left, right] = [left.slice(1), right.slice(1)];
    }
    const pattern = /^\d/.test(left) || /^\d/.test(right) ? /^\d*/ : /^[A-Za-z]*/;
    const [first, second] = [pattern.exec(left)![0], pattern.exec(right)![0]];
    const order = compareSegments(first, second);
    if (order !== 0) return order;
    [left, right] = [left.slice(first.length), right.slice(second.length)];
  }
}

/** Two runs of digits, or two of letters; an empty run of digits stands for letters, which are older. */
function compareSegments(first: string, second: string): number {
  if (!/^\d/.test(first) && !/^\d/.test(second)) return first < second ? -1 : Number(first > second);
  if (first === '' || second === '') return first === '' ? -1 : 1;
  const [left, right] = [first.replace(/^0+/, ''), second.replace(/^0+/, '')];
  if (left.length !== right.length) return Math.sign(left.length - right.length);
  return left < right ? -1 : Number(left > right);
}
