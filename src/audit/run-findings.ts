import type { ErrorCode } from '../base/codes.ts'
import type { LogIdHex, NationId } from '../base/ids.ts'
import { entriesName, type FindingBook, type FindingVerdict, logName, sentence } from './finding.ts'

/** What is wrong with single entries of one run; neighbours with the same fault make one finding. */
export interface RunFindings {
  /** `what` goes on after "Entry 7 of log …: ". */
  add(code: ErrorCode, verdict: FindingVerdict, seq: number, what: string): void
  /** Writes them into the book, in the order of their places. */
  close(): void
}

interface Fault {
  readonly verdict: FindingVerdict
  readonly seq: number
  readonly what: string
}

/** Of one code; more than these are one finding without an end. */
const FAULTS_MAX = 65_536

export function createRunFindings(log: LogIdHex, nation: NationId | undefined, book: FindingBook): RunFindings {
  const faults = new Map<ErrorCode, Fault[]>()
  const owner = nation === undefined ? {} : { nation }

  function* spansOf(list: readonly Fault[]): Generator<Fault & { readonly count: number }> {
    let open: (Fault & { count: number }) | undefined
    for (const fault of list.toSorted((a, b) => a.seq - b.seq)) {
      if (open !== undefined && fault.seq === open.seq + open.count && fault.verdict === open.verdict) open.count++
      else {
        if (open !== undefined) yield open
        open = { ...fault, count: 1 }
      }
    }
    if (open !== undefined) yield open
  }

  return {
    add(code, verdict, seq, what) {
      const list = faults.get(code) ?? []
      faults.set(code, list)
      if (list.length < FAULTS_MAX) list.push({ verdict, seq, what })
    },
    close() {
      for (const [code, list] of faults) {
        for (const { verdict, seq, count, what } of spansOf(list)) {
          const text = sentence(`${entriesName(seq, count)} of ${logName(log, nation)}: ${what}.`)
          book.add({ code, verdict, ...owner, log, seq, ...(count === 1 ? {} : { count }), sentence: text })
        }
      }
    },
  }
}
