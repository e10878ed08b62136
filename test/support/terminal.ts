import { spawn, spawnSync } from 'node:child_process'
import { cleanEnvironment, TOCSIN } from './cli.ts'

/** Of util-linux: lends a terminal. */
const TERMINAL = 'script'
export const hasTerminal = spawnSync(TERMINAL, ['--version']).status === 0

export interface TerminalRun {
  readonly status: number | null
  readonly said: string
}

/** The real command on a terminal. Each answer is typed when its question is there, the same one as often as it is asked. */
export async function runOnTerminal(
  args: string,
  answers: readonly (readonly [question: string, answer: string])[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<TerminalRun> {
  const command = `'${process.execPath}' '${TOCSIN}' ${args}`
  const stdio = ['pipe', 'pipe', 'inherit'] as const
  const child = spawn(TERMINAL, ['-qefc', command, '/dev/null'], { cwd, env: cleanEnvironment(env), stdio: [...stdio] })
  let said = ''
  let answered = 0
  const open = [...answers]
  child.stdout.setEncoding('utf8').on('data', text => {
    said += text
    if (open[0] === undefined || said.indexOf(open[0][0], answered) < 0) return
    answered = said.length
    child.stdin.write(`${open.shift()![1]}\r`)
  })
  const status = await new Promise<number | null>(resolve => child.once('close', resolve))
  return { status, said }
}
