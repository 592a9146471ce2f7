import { mock } from 'node:test';
import t from 'tap';
import { ChatRoom } from '../../tools/demo/chat-room.ts';
import type { ChatLine, ChatToPage } from '../../tools/demo/page/messages.ts';

mock.timers.enable({ apis: ['setTimeout'] });
t.teardown(() => mock.timers.reset());

/** Somebody in the room, and everything that was sent to them. */
const visitor = (room: ChatRoom) => {
  const got: ChatToPage[] = [];
  const state = { isCut: false };
  const member = room.enter({
    send: ({ payload }) => got.push(JSON.parse(String(payload)) as ChatToPage),
    cut: () => {
      state.isCut = true;
    },
  });
  const take = (message: unknown): void => room.take(member, JSON.stringify(message));
  const lines = (): ChatLine[] =>
    got.flatMap((message) => (message.type === 'line' ? [message.line] : []));
  return { member, got, state, take, lines };
};

t.test('tells everybody what one says, with the name it has', (t) => {
  const room = new ChatRoom('r', () => 7);
  const [ann, ben] = [visitor(room), visitor(room)];
  ann.take({ type: 'name', name: 'Ann' });
  ann.take({ type: 'say', text: ' hello ' });
  const line = { kind: 'said', from: ann.member.id, name: 'Ann', text: 'hello', at: 7, id: 2 };
  t.same(ben.lines().at(-1), line);
  t.same(ann.lines().at(-1), line);
  t.end();
});

t.test('leaves markup alone: it is text, here and on the page', (t) => {
  const room = new ChatRoom('r');
  const ann = visitor(room);
  const text = '<script>alert(1)</script> & "quotes"';
  ann.take({ type: 'say', text });
  t.equal(ann.lines()[0]?.text, text);
  t.end();
});

t.test('tells a newcomer the last lines, and no more than it keeps', (t) => {
  let now = 0;
  const room = new ChatRoom('r', () => now);
  const ann = visitor(room);
  for (let n = 1; n <= 100; n += 1) {
    now += 1000;
    ann.take({ type: 'say', text: `line ${n}` });
  }
  const welcome = visitor(room).got[0];
  const lines = welcome?.type === 'welcome' ? welcome.lines : [];
  t.equal(lines.length, 40);
  t.equal(lines.at(-1)?.text, 'line 100');
  t.end();
});

t.test('tells who is online, once for all who come and go in a moment', (t) => {
  const room = new ChatRoom('r');
  const [ann, ben] = [visitor(room), visitor(room)];
  ann.take({ type: 'name', name: 'Ann' });
  ben.take({ type: 'name', name: 'Ben' });
  const told = () => ann.got.filter(({ type }) => type === 'people');
  t.equal(told().length, 0);
  mock.timers.tick(100);
  const people = [
    { id: ann.member.id, name: 'Ann' },
    { id: ben.member.id, name: 'Ben' },
  ];
  t.same(told(), [{ type: 'people', count: 2, people }]);
  room.leave(ben.member);
  room.leave(ben.member);
  mock.timers.tick(100);
  t.equal(told().length, 2);
  t.match(ann.lines().at(-1), { kind: 'note', text: 'Ben left' });
  t.equal(room.size, 1);
  t.end();
});

t.test('says nothing about arrivals in a large room', (t) => {
  const room = new ChatRoom('r');
  const crowd = Array.from({ length: 100 }, () => visitor(room));
  crowd.forEach(({ take }, index) => {
    take({ type: 'name', name: `n${index}` });
  });
  t.ok((crowd[0]?.lines().length ?? 99) === 0);
  mock.timers.tick(200);
  const people = crowd[0]?.got.at(-1);
  t.match(people, { type: 'people', count: 100 });
  t.ok(people?.type === 'people' && people.people.length <= 40);
  t.end();
});

t.test('cuts long names and texts between characters, and makes one line of them', (t) => {
  const room = new ChatRoom('r');
  const ann = visitor(room);
  ann.take({ type: 'name', name: `a\r\nb\0c\u2028${'😀'.repeat(100)}` });
  ann.take({ type: 'say', text: '😀'.repeat(2000) });
  const line = ann.lines().at(-1);
  t.equal(line?.name, `a b c ${'😀'.repeat(18)}`);
  t.equal([...(line?.text ?? '')].length, 500);
  t.end();
});

t.test('refuses what no page sends, and says so to nobody else', (t) => {
  const room = new ChatRoom('r');
  const [ann, ben] = [visitor(room), visitor(room)];
  const before = ben.got.length;
  for (const text of ['', '{', 'null', '7', '[]', '{"type":"say"}', '{"type":"say","text":7}']) {
    room.take(ann.member, text);
    t.match(ann.got.at(-1), { type: 'refused' }, text);
  }
  room.take(ann.member, '{"__proto__":{"type":"drop"}}');
  t.equal(ann.state.isCut, false);
  t.equal(ben.got.length, before);
  t.end();
});

t.test('ignores an empty message, and calls the nameless Nobody', (t) => {
  const room = new ChatRoom('r');
  const ann = visitor(room);
  ann.take({ type: 'say', text: ' \n ' });
  t.equal(ann.lines().length, 0);
  ann.take({ type: 'say', text: 'boo' });
  t.equal(ann.lines()[0]?.name, 'Nobody');
  ann.take({ type: 'name', name: ' ' });
  t.match(ann.lines().at(-1), { kind: 'note', text: 'Nobody joined' });
  t.end();
});

t.test('slows down one who says too much, and forgives with time', (t) => {
  let now = 0;
  const room = new ChatRoom('r', () => now);
  const ann = visitor(room);
  for (let n = 0; n < 50; n += 1) ann.take({ type: 'say', text: 'spam' });
  t.equal(ann.lines().length, 8);
  t.match(ann.got.at(-1), { type: 'refused', text: 'spam' }, 'who spoke too fast may say it again');
  now += 1000;
  for (let n = 0; n < 50; n += 1) ann.take({ type: 'say', text: 'spam' });
  t.equal(ann.lines().length, 11);
  t.end();
});

t.test('cuts a connection that asks for it', (t) => {
  const room = new ChatRoom('r');
  const ann = visitor(room);
  ann.take({ type: 'drop' });
  t.equal(ann.state.isCut, true);
  t.end();
});

t.test('leaves no timer behind when it is closed', (t) => {
  const room = new ChatRoom('r');
  const ann = visitor(room);
  room.close();
  mock.timers.tick(1000);
  t.notOk(ann.got.some(({ type }) => type === 'people'));
  t.end();
});
