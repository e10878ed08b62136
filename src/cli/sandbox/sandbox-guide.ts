import { extname } from 'node:path'
import type { SandboxDaemon } from './sandbox-daemon.ts'

/**
 * What to type next, in another terminal: the first lines give the name `tocsin` where it is not installed.
 * `isSample`: it is known what was imported.
 */
export function guideLines(daemons: readonly SandboxDaemon[], entry: string, isSample: boolean): string[] {
  const steps = stepsFor(daemons, isSample)
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

type GuideStep = readonly [command: string, what: string]

/** With several nations the last of them dies and catches up; a third has meanwhile what the first publishes. */
function stepsFor(daemons: readonly SandboxDaemon[], isSample: boolean): GuideStep[] {
  const [first] = daemons
  const last = daemons.at(-1)!
  const between = daemons.slice(1, -1)[0]
  const at = ({ home }: SandboxDaemon) => `tocsin --home ${shellWord(home.path)}`
  const look: GuideStep[] = [
    [`${at(between ?? last)} indicator list`, `what ${(between ?? last).nation} has`],
    ...(isSample ? [[`${at(last)} lookup harbour-times.example`, `what ${last.nation} knows of it`] as const] : []),
    [`${at(between ?? last)} peer list`, 'who is connected'],
  ]
  if (first === last) return look
  return [
    ...look,
    [`kill -9 ${last.pid}`, `${last.nation} dies`],
    [`${at(first!)} indicator add evil.example`, `${first!.nation} publishes meanwhile`],
    ...(between === undefined ? [] : [[`${at(between)} lookup evil.example`, `${between.nation} has it`] as const]),
    [`${at(last)} start &`, `${last.nation} comes back; once it says "ready":`],
    [`${at(last)} lookup evil.example`, `${last.nation} has caught up`],
  ]
}

/** As it stands where a shell takes it for one word, else in quotes. */
function shellWord(text: string): string {
  return /^[\w./:@=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
