import t from 'tap';
import { type DemoCommand, HELP, readCommand } from '../../tools/demo/options.ts';

const serve = (port: number, host = '127.0.0.1'): DemoCommand => ({ kind: 'serve', port, host });

const UNDERSTOOD: readonly (readonly [args: string, port: string | undefined, DemoCommand])[] = [
  ['', undefined, serve(9292)],
  ['--port 8080', undefined, serve(8080)],
  ['--port=0', undefined, serve(0)],
  ['--port 65535', undefined, serve(65_535)],
  ['', '7000', serve(7000)],
  ['--port 8080', '7000', serve(8080)],
  ['--port 8080', 'nonsense', serve(8080)],
  ['--host ::', undefined, serve(9292, '::')],
  ['--help', undefined, { kind: 'help' }],
  ['--help --port nonsense', undefined, { kind: 'help' }],
];

for (const [args, port, command] of UNDERSTOOD) {
  t.test(`understands "${args}"${port === undefined ? '' : ` with PORT=${port}`}`, (t) => {
    t.same(readCommand(args.split(' ').filter(Boolean), { PORT: port }), command);
    t.end();
  });
}

const REFUSED: readonly (readonly [args: readonly string[], port: string | undefined, RegExp])[] = [
  [['--frob'], undefined, /--frob/],
  [['-p', '80'], undefined, /-p/],
  [['8080'], undefined, /8080/],
  [['--port'], undefined, /--port/],
  [['--port', ''], undefined, /--port must be/],
  [['--port', '65536'], undefined, /--port must be .* 65535/],
  [['--port=-1'], undefined, /--port must be/],
  [['--port', '1e3'], undefined, /--port must be/],
  [['--port', '80 '], undefined, /--port must be/],
  [['--port', '0x50'], undefined, /--port must be/],
  [['--help=x'], undefined, /--help/],
  [['--host', ''], undefined, /--host/],
  [[], 'http', /PORT must be/],
  [[], '', /PORT must be/],
];

for (const [args, port, reason] of REFUSED) {
  const title = JSON.stringify(args);
  t.test(`refuses ${title}${port === undefined ? '' : ` with PORT="${port}"`} in one line`, (t) => {
    const command = readCommand(args, { PORT: port });
    t.equal(command.kind, 'wrong');
    const told = command.kind === 'wrong' ? command.reason : '';
    t.match(told, reason);
    t.notMatch(told, /\n/);
    t.end();
  });
}

t.test('explains every option', (t) => {
  for (const option of ['--port', '--host', '--help', '9292', 'PORT']) t.match(HELP, option);
  t.end();
});
