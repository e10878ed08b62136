import { extname } from 'node:path'
import type { SandboxDaemon } from './sandbox-daemon.ts'

/** What to type next, in another terminal: the first lines give the name `tocsin` where it is not installed. */
export function guideLines(daemons: readonly SandboxDaemon[], entry: string): string[] {
  const [first, second = first!] = daemons
  const last = daemons.at(-1)!
  const at = ({ home }: SandboxDaemon) => `tocsin --home ${shellWord(home.path)}`
  const steps: readonly (readonly [command: string, what: string])[] = [
    [`${at(second)} indicator list`, `what ${second.nation} has received`],
    [`${at(last)} lookup harbour-times.example`, `what ${last.nation} knows of it`],
    [`${at(second)} peer list`, 'who is connected'],
    [`kill -9 ${last.pid}`, `${last.nation} dies`],
    [`${at(first!)} indicator add evil.example`, `${first!.nation} publishes meanwhile`],
    [`${at(second)} lookup evil.example`, `${second.nation} has it`],
    [`${at(last)} start &`, `${last.nation} comes back; once it says "ready":`],
    [`${at(last)} lookup evil.example`, `${last.nation} has caught up`],
  ]
  const width = Math.max(...steps.map(([command]) => command.length))
  return [
    'Everything is running. In another terminal:',
    '',
    ...(extname(entry) === '.ts'
      ? [`  tocsin() { ${shellWord(process.execPath)} ${shellWord(entry)} "$@"; }`, '']
      : []),
    ...steps.map(([command, what]) => `  ${command.padEnd(width)}  # ${what}`),
    '',
    'Ctrl-C here ends all of it.',
  ]
}

/** As it stands where a shell takes it for one word, else in quotes. */
function shellWord(text: string): string {
  return /^[\w./:@=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
