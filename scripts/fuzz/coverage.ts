import { Session } from 'node:inspector'

/** Of each function that has run, by name, its text: 1 where it ran. */
type RunText = ReadonlyMap<string, Uint8Array>

/** What of the program has run, as V8 counts it. */
export interface Coverage extends Disposable {
  /** Since it was asked last. */
  take(): RunText
}

/** What has run so far. V8 merges blocks that ran equally often, so that only places in the text can be compared. */
export class CoveredCode {
  readonly #functions = new Map<string, Uint8Array>()

  /** How many characters of the program have run. */
  get size(): number {
    return this.#functions.values().reduce((sum, text) => sum + text.reduce((count, ran) => count + ran, 0), 0)
  }

  hasAll(run: RunText): boolean {
    return run.entries().every(([name, text]) => {
      const known = this.#functions.get(name)
      return known !== undefined && text.every((ran, at) => ran <= known[at]!)
    })
  }

  add(run: RunText): void {
    for (const [name, text] of run) {
      const known = this.#functions.get(name)
      if (known === undefined) this.#functions.set(name, text)
      else for (const [at, ran] of text.entries()) known[at]! |= ran
    }
  }
}

const PROGRAM = /\/(src|scripts|test)\//

interface Range {
  readonly startOffset: number
  readonly endOffset: number
  readonly count: number
}

interface ScriptCoverage {
  readonly scriptId: string
  readonly url: string
  /** The first range of each is the whole function, the others are within those before them. */
  readonly functions: readonly { readonly ranges: readonly Range[] }[]
}

function textOf(ranges: readonly Range[]): Uint8Array {
  const { startOffset: from, endOffset: to } = ranges[0]!
  const text = new Uint8Array(to - from)
  for (const { startOffset, endOffset, count } of ranges) {
    text.fill(count > 0 ? 1 : 0, startOffset - from, endOffset - from)
  }
  return text
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
      const run = new Map<string, Uint8Array>()
      for (const { scriptId, url, functions } of result) {
        if (!PROGRAM.test(url)) continue
        for (const { ranges } of functions) {
          const { startOffset, endOffset, count } = ranges[0]!
          if (count > 0) run.set(`${scriptId}:${startOffset}-${endOffset}`, textOf(ranges))
        }
      }
      return run
    },
    [Symbol.dispose]() {
      post('Profiler.stopPreciseCoverage')
      session.disconnect()
    },
  }
}

/** Where nothing is counted. */
export const NO_COVERAGE: Coverage = { take: () => new Map(), [Symbol.dispose]: () => {} }
