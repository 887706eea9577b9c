import t from 'tap';
import { SharedQuestion } from './shared-question.ts';

/** A question whose answers the test gives. */
function makeQuestion() {
  const asked: ((answer: boolean) => void)[] = [];
  const question = new SharedQuestion(() => new Promise((resolve) => asked.push(resolve)));
  return { asked, question };
}

t.test('SharedQuestion never gives an answer that was asked for before', async (t) => {
  const { asked, question } = makeQuestion();
  const first = question.answer();
  const late = [question.answer(), question.answer()];
  t.equal(asked.length, 1, 'the present question goes on');
  asked[0]?.(true);
  t.equal(await first, true);
  await Promise.resolve();
  t.equal(asked.length, 2, 'one question for both');
  asked[1]?.(false);
  t.same(await Promise.all(late), [false, false]);
});

t.test('SharedQuestion asks anew after a failure', async (t) => {
  let times = 0;
  const question = new SharedQuestion(() => {
    times += 1;
    return times === 1 ? Promise.reject(new Error('lost')) : Promise.resolve(true);
  });
  const first = question.answer();
  const second = question.answer();
  await t.rejects(first, /lost/);
  t.equal(await second, true);
});
