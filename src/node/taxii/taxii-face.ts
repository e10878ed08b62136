import { equalBytes, toHex } from '../../base/bytes.ts'
import type { NationId } from '../../base/ids.ts'
import type { MarkingFields } from '../../indicator/marking.ts'
import { type Clearance, mayRead } from '../../policy/clearance.ts'
import { NO_FACE } from './taxii-rows.ts'

/** What decides on who gets an object, and by which filters. Many objects have the same. */
export interface TaxiiFace {
  readonly nation: NationId
  /** What its author says under the id; different things where that is contested, of which one reader sees another. */
  readonly said: readonly TaxiiSaid[]
  /** Encoded audiences of what is told of; undefined: all. Who sees none of them was told of it before, or is not. */
  readonly told: readonly Uint8Array[] | undefined
  /** `indicator`, `malware` … */
  readonly stixType: string
  /** It is given on as it came, under the id that its author wrote. */
  readonly isContext: boolean
  /** Whoever does not see an object with that face, either, does not see this one. */
  readonly also: number
}

/** What a clearance goes by. */
export interface TaxiiSaid {
  /** Of the indicator that it is about, or `stix-object`. */
  readonly type: string
  readonly marking: MarkingFields
  /** Of each entry that carries it, encoded. */
  readonly audiences: readonly Uint8Array[]
}

/** Faces by small numbers, from 1 on. */
export class TaxiiFaces {
  readonly #faces: (TaxiiFace | undefined)[] = [undefined]
  readonly #numbers = new Map<string, number>()

  at(number: number): TaxiiFace {
    return this.#faces[number]!
  }

  numberOf(face: TaxiiFace): number {
    const { nation, stixType, isContext, also, told } = face
    const said = face.said.map(({ type, marking: { tlp, pap, exercise }, audiences }) => {
      return [type, tlp, pap, exercise, namesOf(audiences)]
    })
    const key = JSON.stringify([nation, stixType, isContext, also, said, told && namesOf(told)])
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
    const { nation, said, told, also } = this.at(number)
    if (also !== NO_FACE && !this.admits(also, clearance, undefined)) return false
    return said.some(({ type, marking, audiences }) => {
      const seen = audiences.filter(audience => mayRead(clearance, { nation, type, marking, audience }))
      const isAsked = seen.some(audience => only === undefined || equalBytes(audience, only))
      return isAsked && (told === undefined || seen.some(audience => told.some(each => equalBytes(each, audience))))
    })
  }
}

function namesOf(audiences: readonly Uint8Array[]): readonly string[] {
  return [...new Set(audiences.map(toHex))].sort()
}
