import { createInterface } from 'node:readline'
import { UserError } from '../../base/errors.ts'
import type { CliContext } from './context.ts'

/** Whether somebody is there to answer. */
export function isAnswerable({ stdin, stderr }: CliContext): boolean {
  return stdin.isTTY === true && stderr.isTTY === true
}

/** Asks on standard error and reads a line. Only where `isAnswerable`. Throws UserError `confirmation-missing` at Ctrl-C and Ctrl-D. */
export function askLine({ stdin, stderr }: CliContext, question: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const lines = createInterface({ input: stdin, output: stderr })
  lines.once('close', () => reject(new UserError('confirmation-missing', 'no answer was given, and nothing was done')))
  lines.question(question, answer => {
    resolve(answer.trim())
    lines.close()
  })
  return promise
}

/** Goes on with `--yes` or after a "yes". Throws UserError `confirmation-missing`. */
export async function assertConfirmed(context: CliContext, isYes: boolean, question: string): Promise<void> {
  if (isYes) return
  if (!isAnswerable(context)) {
    throw new UserError('confirmation-missing', `nobody is here to confirm: ${question}`, {
      fix: 'Read what it is about, and give --yes.',
    })
  }
  if (/^y(es)?$/i.test(await askLine(context, `${question} [yes/no] `))) return
  throw new UserError('confirmation-missing', 'it was not confirmed, and nothing was done')
}
