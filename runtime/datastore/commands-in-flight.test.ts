import t from 'tap';
import { Commands } from './commands-in-flight.ts';
import { decodeCommand, encodeBody } from './state-machine/command-codec.ts';
import type { CommandBody, CommandResult } from './state-machine/commands.ts';

const body: CommandBody = { kind: 'compact', revision: 1 };
const done: CommandResult = { kind: 'done', revision: 1 };
const expired = {
  ...{ kind: 'refused', revision: 1, code: 'sessionExpired', reason: '', at: 0 },
} as const satisfies CommandResult;

function begin(commands: Commands) {
  const { data, end } = commands.begin(encodeBody(body));
  const { session, sequence, acknowledged } = decodeCommand(data)!;
  return { session, sequence, acknowledged, end };
}

t.test('Commands acknowledges what was answered, up to the oldest that was not', async (t) => {
  const commands = new Commands(() => 0.5);
  const [first, second, third] = [begin(commands), begin(commands), begin(commands)];
  first.end(done);
  third.end(done);
  t.match(begin(commands), { session: first.session, sequence: 4, acknowledged: 2 });
  second.end(null);
  t.match(begin(commands), { sequence: 5, acknowledged: 4 });
});

t.test(
  'Commands claims no past before the first answer: commands given up may never have been applied',
  async (t) => {
    const commands = new Commands(() => 0.5);
    begin(commands).end(null);
    begin(commands).end(null);
    const third = begin(commands);
    t.match(third, { sequence: 3, acknowledged: 1 });
    third.end(done);
    t.match(begin(commands), { sequence: 4, acknowledged: 4 });
  },
);

t.test('Commands begins a new session when the replicas have forgotten the present one', async (t) => {
  let draw = 0.1;
  const commands = new Commands(() => {
    draw += 0.1;
    return draw;
  });
  const first = begin(commands);
  const late = begin(commands);
  first.end(expired);
  const next = begin(commands);
  t.not(next.session, first.session);
  t.match(next, { sequence: 1, acknowledged: 1 });
  late.end(expired);
  t.equal(begin(commands).session, next.session, 'a late refusal of the old one changes nothing');
});
