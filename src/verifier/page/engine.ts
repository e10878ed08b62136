import type { EntryRow } from '../entry-row.ts'
import type { Answer, Request } from '../messages.ts'

/** The worker, as the page talks to it. */
export interface Engine {
  check(file: Blob, trust: string): void
  /** The rows of the part that holds row `from`. */
  rows(run: number, from: number): Promise<{ readonly from: number; readonly rows: readonly EntryRow[] }>
  /** The row of entry `seq`, or of the next after it. */
  find(run: number, seq: number): Promise<number | undefined>
}

type Report = Exclude<Answer, { readonly kind: 'rows' | 'found' }>

/** Starts the worker from the source that the page carries; `report` hears of the check under way. */
export function createEngine(source: string, report: (answer: Report) => void): Engine {
  const waiting = new Map<number, (answer: Answer) => void>()
  let lastId = 0
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
  let worker = start()

  function start(): Worker {
    const started = new Worker(url)
    started.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (data.kind !== 'rows' && data.kind !== 'found') return report(data)
      waiting.get(data.id)?.(data)
      waiting.delete(data.id)
    }
    started.onerror = event => report({ kind: 'refused', sentence: event.message, fix: '' })
    return started
  }

  const ask = (request: (id: number) => Request): Promise<Answer> =>
    new Promise(resolve => {
      lastId++
      waiting.set(lastId, resolve)
      worker.postMessage(request(lastId))
    })

  return {
    check(file, trust) {
      // whatever the one before was at is of no interest any more
      worker.terminate()
      waiting.clear()
      worker = start()
      worker.postMessage({ kind: 'check', file, trust } satisfies Request)
    },
    async rows(run, from) {
      const answer = await ask(id => ({ kind: 'rows', run, from, id }))
      return answer.kind === 'rows' ? answer : { from, rows: [] }
    },
    async find(run, seq) {
      const answer = await ask(id => ({ kind: 'find', run, seq, id }))
      return answer.kind === 'found' ? answer.row : undefined
    },
  }
}
