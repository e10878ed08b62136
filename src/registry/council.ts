import type { ParsedNationDoc } from './nation-doc.ts'
import type { ParsedRegistryDoc } from './registry-doc.ts'
import type { KeyIdHex, RootKeyRecord } from './root-key.ts'

/** One voice among those that decide: a governor with either of its keys, or one root key of a nation. */
export interface Seat {
  /** `DEU` for a governor, `DEU root 1f2e3d4c` for a root key. */
  readonly name: string
  readonly keys: readonly RootKeyRecord[]
}

/** The keys that have signed. */
type Signed = ReadonlyMap<KeyIdHex, unknown>

/** Those of whom a threshold must sign: of the version before, or of the new one. */
export interface Council {
  readonly version: number
  readonly threshold: number
  readonly seats: readonly Seat[]
}

/** How far a council has come. */
export interface CouncilStanding extends Council {
  readonly signed: readonly Seat[]
  readonly missing: readonly Seat[]
  readonly isComplete: boolean
}

export function governorsOf({ version, threshold, governors }: ParsedRegistryDoc): Council {
  return { version, threshold, seats: governors.map(({ nation, keys }) => ({ name: nation, keys })) }
}

export function rootsOf({ version, rootThreshold, roots, nation }: ParsedNationDoc): Council {
  const seats = roots.map(root => ({ name: `${nation} root ${root.idHex.slice(0, 8)}`, keys: [root] }))
  return { version, threshold: rootThreshold, seats }
}

/** Each seat counts once, whichever of its keys have signed. */
export function checkCouncil(council: Council, signed: Signed): CouncilStanding {
  const voices = council.seats.filter(seat => hasSigned(seat, signed))
  const missing = council.seats.filter(seat => !voices.includes(seat))
  return { ...council, signed: voices, missing, isComplete: voices.length >= council.threshold }
}

export function hasSigned({ keys }: Seat, signed: Signed): boolean {
  return keys.some(key => signed.has(key.idHex))
}

/** The seats that a key speaks for, in every council; empty where it is not asked for. */
export function seatsOfKey(councils: readonly Council[], key: KeyIdHex): readonly Seat[] {
  return councils.flatMap(council => council.seats.filter(seat => seat.keys.some(({ idHex }) => idHex === key)))
}

export function keysOf(councils: readonly Council[]): readonly RootKeyRecord[] {
  return councils.flatMap(council => council.seats.flatMap(seat => seat.keys))
}
