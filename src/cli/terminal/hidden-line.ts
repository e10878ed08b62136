import { constants } from 'node:os'
import type { CliContext } from './context.ts'

const LINE_LENGTH_MAX = 1024

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const CTRL_U = '\u0015'
const BACKSPACE = new Set(['\b', '\u007f'])
const ENTER = new Set(['\r', '\n'])

/** Asks on standard error and reads a line from the terminal without showing it. Ctrl-C ends the process as it does else. */
export async function readHiddenLine({ stdin, stderr }: CliContext, question: string): Promise<string> {
  stderr.write(question)
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  const { promise, resolve } = Promise.withResolvers<string>()
  let line: readonly string[] = []

  const listener = (typed: string) => {
    for (const char of typed) {
      if (char === CTRL_C) {
        restore()
        process.exit(128 + constants.signals.SIGINT)
      }
      if (ENTER.has(char) || char === CTRL_D) {
        restore()
        resolve(line.join(''))
        return
      }
      if (BACKSPACE.has(char)) line = line.slice(0, -1)
      else if (char === CTRL_U) line = []
      else if (char >= ' ' && line.length < LINE_LENGTH_MAX) line = [...line, char]
    }
  }

  function restore(): void {
    stdin.off('data', listener)
    stdin.pause()
    stdin.setRawMode(false)
    stderr.write('\n')
  }

  stdin.on('data', listener)
  stdin.resume()
  return promise
}
