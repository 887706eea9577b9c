/** Names of time zones. (https://data.iana.org/time-zones/theory.html#naming) Pure. */

const partPattern = /^[A-Za-z._0-9+][A-Za-z.\-_0-9+]{0,13}$/;

/** @returns what is wrong; none where there is such a time zone. */
export function checkTimeZone(name: string): readonly string[] {
  if (name === '') return ['timeZone must be nil or non-empty string'];
  const parts = name.split('/');
  const isName = parts.every((part) => partPattern.test(part) && part !== '.' && part !== '..');
  if (!isName) return [`unknown time zone ${name}`];
  if (name.toLowerCase() === 'local') {
    return ['timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'];
  }
  return isKnown(name) ? [] : [`unknown time zone ${name}`];
}

/** To the real server a name is a file: case counts. */
function isKnown(name: string): boolean {
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    return timeZone === name || timeZone.toLowerCase() !== name.toLowerCase();
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
