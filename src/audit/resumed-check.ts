import { concat, equalBytes, toHex } from '../base/bytes.ts'
import { labelledHash, sha256 } from '../base/hash.ts'
import type { Hash } from '../base/ids.ts'
import type { VerifySignatureAsync } from '../chain/verify-entry.ts'

/**
 * How far an audit had come: of one key, the first `count` signatures that were asked about were good, and `hash` is over
 * what was asked. A run that asks the same of the same bytes need not compute these again; one that asks anything else
 * is found out, for each run reads all bytes anew. So a run that is resumed proves what a run in one piece proves, as long
 * as the marks are those of the one who runs it.
 */
export interface CheckMark {
  readonly count: number
  readonly hash: Hash
}

/** By key, in hex. */
export type CheckMarks = ReadonlyMap<string, CheckMark>

export interface ResumedCheck {
  readonly verify: VerifySignatureAsync
  /** Where a later run can go on; grows as checks come out good. */
  marks(): CheckMarks
  /** What the marks are of is not what was asked here: the answers are worth nothing. To be asked at the end. */
  isOther(): boolean
}

interface KeyState {
  readonly before: CheckMark | undefined
  asked: number
  hash: Hash
  good: CheckMark
  /** Whether all up to now are good: they come out in any order. */
  allGood: Promise<boolean>
}

const START: CheckMark = { count: 0, hash: labelledHash('tocsin/audit-mark/v1') }

/** `verify` is asked only about what no mark covers. It must be asked in the same order by each run. */
export function createResumedCheck(verify: VerifySignatureAsync, before: CheckMarks): ResumedCheck {
  const keys = new Map<string, KeyState>()
  let differs = false

  function stateOf(publicKey: Uint8Array): KeyState {
    const key = toHex(publicKey)
    const known = keys.get(key)
    if (known !== undefined) return known
    const made = { before: before.get(key), asked: 0, hash: START.hash, good: START, allGood: Promise.resolve(true) }
    keys.set(key, made)
    return made
  }

  return {
    verify(publicKey, message, signature) {
      const of = stateOf(publicKey)
      of.asked++
      of.hash = sha256(concat(of.hash, message, signature))
      const mark = { count: of.asked, hash: of.hash }
      if (of.before !== undefined && of.asked <= of.before.count) {
        if (of.asked === of.before.count) {
          differs ||= !equalBytes(of.hash, of.before.hash)
          of.good = of.before
        }
        return Promise.resolve(true)
      }
      const valid = verify(publicKey, message, signature)
      of.allGood = Promise.all([of.allGood, valid]).then(([wereGood, isGood]) => {
        if (wereGood && isGood) of.good = mark
        return wereGood && isGood
      })
      return valid
    },
    marks() {
      const marks = new Map(before)
      for (const [key, { before: held, good }] of keys) {
        if (good.count > (held?.count ?? 0)) marks.set(key, good)
      }
      return marks
    },
    isOther: () => differs || [...keys.values()].some(({ before: held, asked }) => asked < (held?.count ?? 0)),
  }
}
