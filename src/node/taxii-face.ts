import { equalBytes, toHex } from '../base/bytes.ts'
import type { NationId } from '../base/ids.ts'
import type { MarkingFields } from '../indicator/marking.ts'
import { type Clearance, mayRead } from '../policy/clearance.ts'
import { NO_FACE } from './taxii-rows.ts'

/** What decides on who gets an object, and by which filters. Many objects have the same. */
export interface TaxiiFace {
  readonly nation: NationId
  /** What a clearance goes by: of the indicator that it is about, or `stix-object`. */
  readonly type: string
  readonly marking: MarkingFields
  /** Of each entry that carries it, encoded. */
  readonly audiences: readonly Uint8Array[]
  /** `indicator`, `malware` … */
  readonly stixType: string
  /** It is given on as it came, under the id that its author wrote. */
  readonly isContext: boolean
  /** Its author said different things under one id: who sees which of them is found out by reading. */
  readonly isContested: boolean
  /** Whoever does not see an object with that face, either, does not see this one. */
  readonly also: number
}

/** Faces by small numbers, from 1 on. */
export class TaxiiFaces {
  readonly #faces: (TaxiiFace | undefined)[] = [undefined]
  readonly #numbers = new Map<string, number>()

  at(number: number): TaxiiFace {
    return this.#faces[number]!
  }

  numberOf(face: TaxiiFace): number {
    const audiences = [...new Set(face.audiences.map(toHex))].sort()
    const { tlp, pap, exercise } = face.marking
    const flags = [tlp, pap, exercise, face.isContext, face.isContested, face.also]
    const key = JSON.stringify([face.nation, face.type, face.stixType, ...flags, audiences])
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    this.#numbers.set(key, this.#faces.length)
    return this.#faces.push(face) - 1
  }

  /** Of what only whoever sees both sees. */
  both(number: number, also: number): number {
    return this.numberOf({ ...this.at(number), also })
  }

  /** Whether whoever has the clearance may get it; of one audience alone where that is given. */
  admits(number: number, clearance: Clearance, only: Uint8Array | undefined): boolean {
    const { nation, type, marking, audiences, isContested, also } = this.at(number)
    if (also !== NO_FACE && !this.admits(also, clearance, undefined)) return false
    const asked = audiences.filter(audience => only === undefined || equalBytes(audience, only))
    return asked.some(audience => isContested || mayRead(clearance, { nation, type, marking, audience }))
  }
}
