import { extname } from 'node:path'
import type { SandboxDaemon } from './sandbox-daemon.ts'

/** What to type next, in another terminal: the first lines give the name `tocsin` where it is not installed. */
export function guideLines(daemons: readonly SandboxDaemon[], entry: string): string[] {
  const [first, second = first!] = daemons
  const last = daemons.at(-1)!
  const at = ({ home }: SandboxDaemon) => `tocsin --home ${shellWord(home.path)}`
  return [
    'Everything is running. In another terminal:',
    '',
    ...(extname(entry) === '.ts'
      ? [`  tocsin() { ${shellWord(process.execPath)} ${shellWord(entry)} "$@"; }`, '']
      : []),
    `  ${at(second)} indicator list                     # what ${second.nation} has received`,
    `  ${at(last)} lookup harbour-times.example`,
    `  ${at(second)} peer list`,
    '',
    `  kill -9 ${last.pid}                              # ${last.nation} dies`,
    `  ${at(first!)} indicator add evil.example         # ${first!.nation} publishes meanwhile`,
    `  ${at(second)} lookup evil.example                # ${second.nation} has it`,
    `  ${at(last)} start &                              # ${last.nation} comes back, and catches up`,
    `  ${at(last)} lookup evil.example`,
    '',
    'Ctrl-C here ends all of it.',
  ]
}

/** As it stands where a shell takes it for one word, else in quotes. */
export function shellWord(text: string): string {
  return /^[\w./:@=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
