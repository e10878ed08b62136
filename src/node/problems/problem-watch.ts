import type { Logger } from '../../base/ports.ts'
import type { Problem } from '../orders/node-service.ts'

/** Looked for this often; a change of the documents is looked at when it comes. */
const INTERVAL_MS = 5_000

/** Logs each problem once, when it comes, and that it is over. */
export function startProblemWatch(find: () => readonly Problem[], logger: Logger) {
  let told = new Map<string, Problem>()
  const timer = setInterval(look, INTERVAL_MS)

  function look(): void {
    const now = new Map(find().map(problem => [`${problem.code} ${problem.occasion}`, problem]))
    for (const [name, problem] of now) if (!told.has(name)) tell(problem)
    const codes = new Set([...now.values()].map(({ code }) => code))
    for (const { code } of told.values()) if (!codes.has(code)) logger.info({ code }, 'a problem is over')
    told = now
  }

  function tell({ grade, code, message, fix }: Problem): void {
    const data = { code, problem: message, fix }
    if (grade === 'alarm') logger.error(data, 'there is a problem')
    else logger.warn(data, 'there will be a problem')
  }

  look()
  return {
    look,
    stop(): void {
      clearInterval(timer)
    },
  }
}
