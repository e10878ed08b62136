import { TocsinError } from '../../base/errors.ts'
import { visibleText } from '../../base/visible-text.ts'
import { exitStatusOf } from './exit.ts'

export interface Failure {
  readonly text: string
  readonly exitStatus: number
}

/** `error CODE: sentence`, and below it what to do. */
export function describeFailure(error: unknown): Failure {
  if (!(error instanceof TocsinError)) return unexpected(error)
  const fix = error.fix === undefined || error.fix === '' ? '' : `→ ${visibleText(error.fix)}\n`
  const text = `error ${error.code}: ${visibleText(error.message)}\n${fix}`
  return { text, exitStatus: exitStatusOf(error.code) }
}

function unexpected(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error)
  const trace = error instanceof Error ? `${error.stack}\n` : ''
  const text = `error internal: ${visibleText(message)}\n→ This is a fault of Tocsin; please report it with these lines:\n${trace}`
  return { text, exitStatus: exitStatusOf('internal') }
}
