import { Session } from 'node:inspector'

/** Which blocks of the program have run, as V8 counts them. */
export interface Coverage extends Disposable {
  /** Blocks that have run since it was asked last. */
  take(): ReadonlySet<string>
}

const PROGRAM = /\/(src|scripts\/fuzz)\//

interface ScriptCoverage {
  readonly scriptId: string
  readonly url: string
  readonly functions: readonly {
    readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[]
  }[]
}

/** Of this thread. Modules must be loaded after it was opened to be counted by blocks. */
export function openCoverage(): Coverage {
  const session = new Session()
  session.connect()
  const post = (method: string, params: object = {}): unknown => {
    let answer: unknown
    session.post(method, params, (error: Error | null, result: unknown) => {
      if (error !== null) throw error
      answer = result
    })
    return answer
  }
  post('Profiler.enable')
  post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  return {
    take() {
      const { result } = post('Profiler.takePreciseCoverage') as { readonly result: readonly ScriptCoverage[] }
      const blocks = new Set<string>()
      for (const { scriptId, url, functions } of result) {
        if (!PROGRAM.test(url)) continue
        for (const { ranges } of functions) {
          for (const { startOffset, endOffset, count } of ranges) {
            if (count > 0) blocks.add(`${scriptId}:${startOffset}-${endOffset}`)
          }
        }
      }
      return blocks
    },
    [Symbol.dispose]() {
      post('Profiler.stopPreciseCoverage')
      session.disconnect()
    },
  }
}

/** Where nothing is counted. */
export const NO_COVERAGE: Coverage = { take: () => new Set(), [Symbol.dispose]: () => {} }
