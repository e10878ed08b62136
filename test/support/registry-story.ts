import fc from 'fast-check'
import { toRootKey } from '../../src/registry/build-registry.ts'
import { DAY_MS } from '../../src/registry/doc-fields.ts'
import type { Pin } from '../../src/registry/registry-state.ts'
import type { ParsedSignedDoc } from '../../src/registry/signed-doc.ts'
import type { NationDoc, NationEntry } from '../../src/wire/gen/tocsin.ts'
import { BOUNDED_LOG } from './registry-answers.ts'
import {
  entry,
  firstNation,
  foundRegistry,
  governor,
  innerNode,
  kemKeys,
  nextNation,
  nextRegistry,
  pinOf,
  rootSigner,
  type SignedNation,
  type SignedRegistry,
  signNation,
  signRegistry,
  T0,
} from './registry-world.ts'

/** Random alliances: what governors and nations, honest or not, may sign in some years. */

const NATIONS = ['AAA', 'BBB', 'CCC'] as const
const COUNCILS = [
  ['gov AAA', 'gov BBB'],
  ['gov BBB', 'gov CCC'],
  ['recovery AAA', 'gov CCC'],
] as const

export const storyFounding = foundRegistry({ nations: NATIONS.map(id => entry(id)) })
const { allianceId } = storyFounding
/** Made once: keys take longer than all else. */
const firstDocs = NATIONS.map(id => signNation(firstNation(allianceId, id, { kems: kemKeys(id, 8) })))
const nodes = NATIONS.map(id => innerNode(allianceId, id, `node ${id}`))

interface EntryChange {
  readonly nation: number
  readonly status: number
  readonly reset: number
  readonly docMinVersion: number
  readonly roots: number
  readonly size: number
  readonly pin: number
}

export type Step =
  | {
      readonly kind: 'registry'
      /** Which of the documents so far it follows, counted from the newest. */
      readonly back: number
      readonly council: number
      readonly days: number
      readonly council4: boolean
      readonly changes: readonly EntryChange[]
    }
  | {
      readonly kind: 'nation'
      readonly nation: number
      readonly back: number
      readonly first: boolean
      readonly roots: number
      readonly parentSigns: boolean
      readonly nodeStatus: number
      readonly size: number
    }

/** Mostly the newest, and so a fork now and then. */
const back = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
)
const mostly = <T>(usual: T, others: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: others })
const size = fc.constantFrom(0, 0, 3, 5, 9)

const change: fc.Arbitrary<EntryChange> = fc.record({
  nation: fc.nat(2),
  status: fc.constantFrom(1, 1, 2, 3),
  reset: mostly(0, fc.integer({ min: 1, max: 2 })),
  docMinVersion: fc.integer({ min: 1, max: 3 }),
  roots: fc.nat(1),
  size,
  pin: mostly(-1, fc.nat(4)),
})

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('registry' as const),
    back,
    council: fc.nat(2),
    days: fc.constantFrom(1, 7, 14, 40),
    council4: mostly(false, fc.constant(true)),
    changes: fc.array(change, { maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constant('nation' as const),
    nation: fc.nat(2),
    back,
    first: mostly(false, fc.constant(true)),
    roots: mostly(0, fc.constant(1)),
    parentSigns: mostly(true, fc.constant(false)),
    nodeStatus: mostly(1, fc.integer({ min: 2, max: 3 })),
    size,
  }),
)

export const steps = fc.array(step, { minLength: 6, maxLength: 16 })

export interface Story {
  readonly docs: readonly ParsedSignedDoc[]
  /** What an operator might pin: any registry document. */
  readonly pins: readonly Pin[]
}

/** The documents that these steps sign, the founding and a first document of each nation among them. */
export function tellStory(steps: readonly Step[]): Story {
  const registries: SignedRegistry[] = [storyFounding]
  const nations = firstDocs.map(doc => [doc])
  for (const step of steps) {
    if (step.kind === 'registry') registries.push(registryOf(step, registries, nations))
    else nations[step.nation]!.push(nationOf(step, nations[step.nation]!))
  }
  return {
    docs: [...registries, ...nations.flat()].map(({ signed }) => signed),
    pins: registries.map(registry => pinOf(registry)),
  }
}

function before<T>(list: readonly T[], back: number): T {
  return list[Math.max(0, list.length - 1 - back)]!
}

function registryOf(
  { back, council, days, council4, changes }: Extract<Step, { kind: 'registry' }>,
  registries: readonly SignedRegistry[],
  nations: readonly (readonly SignedNation[])[],
): SignedRegistry {
  const prev = before(registries, back)
  const issuedMs = prev.message.issuedMs + days * DAY_MS
  const fields = { issuedMs, expiresMs: issuedMs + 300 * DAY_MS, nations: prev.message.nations }
  for (const change of changes) {
    const id = NATIONS[change.nation]!
    const others = fields.nations.filter(({ nation }) => nation !== id)
    fields.nations = [...others, entry(id, entryOf(change, nations[change.nation]!))]
  }
  const wider = council4
    ? { governors: [governor('AAA', true), governor('BBB'), governor('CCC'), governor('DDD')] }
    : {}
  const message = nextRegistry(prev, { ...fields, ...wider, threshold: council4 ? 3 : prev.message.threshold })
  const signers = message.threshold > 2 ? ['gov AAA', 'gov BBB', 'gov CCC', 'recovery AAA'] : COUNCILS[council]!
  return signRegistry(message, signers)
}

function entryOf(change: EntryChange, docs: readonly SignedNation[]): Partial<NationEntry> {
  const id = NATIONS[change.nation]!
  const pinned = docs[change.pin]
  return {
    status: change.status,
    reset: change.reset,
    docMinVersion: change.reset === 0 ? 0 : change.docMinVersion,
    rootKeyIds: [rootSigner(rootOf(id, change.roots)).key.id],
    bounds: change.size === 0 ? [] : [boundOf(change.size)],
    ...(pinned && { pinVersion: pinned.message.version, pinHash: pinned.signed.hash }),
  }
}

function nationOf(step: Extract<Step, { kind: 'nation' }>, docs: readonly SignedNation[]): SignedNation {
  const { first, roots, parentSigns, nodeStatus, size } = step
  const id = NATIONS[step.nation]!
  const prev = before(docs, step.back)
  const root = rootOf(id, roots)
  const fields: Partial<NationDoc> = {
    roots: [toRootKey(rootSigner(root).key)],
    nodes: [{ ...nodes[step.nation]!, status: nodeStatus }],
    bounds: size === 0 ? [] : [boundOf(size)],
    // no two steps sign the same
    issuedMs: T0 + docs.length,
    expiresMs: T0 + docs.length + 150 * DAY_MS,
  }
  if (first) return signNation(firstNation(allianceId, id, fields), [root])
  const parents = prev.message.roots.some(({ edPk }) => edPk === rootSigner(`root ${id}`).key.edPk) ? 0 : 1
  return signNation(nextNation(prev, fields), parentSigns && parents !== roots ? [root, rootOf(id, parents)] : [root])
}

function rootOf(id: string, which: number): string {
  return which === 0 ? `root ${id}` : `other root ${id}`
}

function boundOf(size: number) {
  return { logId: BOUNDED_LOG, size, root: new Uint8Array(32).fill(size) }
}
