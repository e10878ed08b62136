import { toHex } from '../../../src/base/bytes.ts'
import type { LogBound, NationEntry } from '../../../src/wire/gen/tocsin.ts'
import {
  edSigner,
  entry,
  nextNation,
  nextRegistry,
  type SignedNation,
  type SignedRegistry,
  signNation,
  signRegistry,
} from '../../support/registry-world.ts'
import { aaa2, bbb1, deliverBase, registry2 } from './base.ts'
import { added, hexOf, type LogExpectation, type NamedVectors, type RegistryVector } from './vector.ts'

const logId = new Uint8Array(32).fill(0xa1)
const bound = (size: number): LogBound => ({ logId, size, root: new Uint8Array(32).fill(size) })
const log = {
  nation: 'AAA',
  key: toHex(edSigner('node AAA sign').publicKey),
  logId: toHex(logId),
  registryVersion: 1,
}

/** Registry versions 3, 4 … with one entry for AAA each. */
function line(entries: readonly (Partial<NationEntry> | undefined)[]): SignedRegistry[] {
  const registries: SignedRegistry[] = [registry2]
  for (const fields of entries) {
    const nations = fields === undefined ? [entry('BBB')] : [entry('AAA', fields), entry('BBB')]
    registries.push(signRegistry(nextRegistry(registries.at(-1)!, { nations })))
  }
  return registries.slice(1)
}

/** What stands of the log of AAA after these entries of the registry and these documents of nations. */
function standing(
  title: string,
  entries: readonly (Partial<NationEntry> | undefined)[],
  documents: Readonly<Record<string, SignedNation>>,
  logs: readonly LogExpectation[],
  rule = 'R-1.8',
): RegistryVector {
  const registries = line(entries).map(({ message, signed }) => [`registry-${message.version}`, hexOf(signed)] as const)
  const nations = Object.entries(documents).map(([name, { signed }]) => [name, hexOf(signed)] as const)
  const docs = Object.fromEntries([...registries, ...nations])
  return {
    rule,
    title,
    docs,
    deliver: [...deliverBase, ...Object.keys(docs).map(added)],
    expect: { registry: registries.at(-1)?.[0] ?? 'registry-2', logs },
  }
}

const ACTIVE: LogExpectation = { ...log, kind: 'active' }
const BOUNDED: LogExpectation = { ...log, kind: 'bounded' }
const own9 = signNation(nextNation(aaa2, { bounds: [bound(9)] }))
const own3 = signNation(nextNation(aaa2, { bounds: [bound(3)] }))
const own9Again = signNation(nextNation(own3, { bounds: [bound(9)] }))
const [node] = aaa2.message.nodes
const stolen = signNation(nextNation(aaa2, { nodes: [{ ...node!, status: 3 }] }))
const meddling = signNation(nextNation(bbb1, { bounds: [bound(1)] }))

export const boundVectors: NamedVectors = {
  'R-1.8-governors-and-own': standing(
    'knows the bound of the governors and that of the nation, the newest of each',
    [{ bounds: [bound(7)] }, { bounds: [bound(5)] }],
    { 'own-3': own3, 'own-9': own9Again },
    [{ ...BOUNDED, governors: 5, own: 9 }],
  ),
  'R-1.8-own-alone': standing('bounds an active log by the nation alone', [], { own: own9 }, [{ ...BOUNDED, own: 9 }]),
  'R-1.8-bound-not-repeated': standing(
    'keeps a bound of the governors that later versions do not repeat',
    [{ bounds: [bound(5)] }, {}, {}],
    {},
    [{ ...BOUNDED, governors: 5 }],
  ),
  'R-1.8-compromised-key-without-bound': standing(
    'bounds the log of a compromised key by no number, and so by what is quorate',
    [],
    { stolen },
    [BOUNDED],
  ),
  'R-1.8-bound-of-another-nation': standing(
    'takes a bound on the log of a nation from no other',
    [],
    { meddles: meddling },
    [ACTIVE],
  ),
  'R-1.8-left-out': standing('bounds the logs of a nation that a version leaves out', [undefined], {}, [BOUNDED]),
  'R-1.8-return': standing(
    'keeps the logs from before an expulsion bounded when the nation returns, and opens others',
    [{ status: 3, bounds: [bound(5)] }, {}],
    {},
    [
      { ...BOUNDED, governors: 5 },
      { ...BOUNDED, logId: toHex(new Uint8Array(32).fill(0xa2)), registryVersion: 3 },
      { ...ACTIVE, logId: toHex(new Uint8Array(32).fill(0xa3)), registryVersion: 4 },
    ],
  ),
  'R-1.8-suspension-ends': standing(
    'ends the bound that was given while SUSPENDED with the suspension',
    [{ status: 2, bounds: [bound(5)] }, {}],
    {},
    [ACTIVE],
  ),
  'R-1.8-suspension-raises-nothing': standing(
    'raises no earlier bound by one that is given while SUSPENDED',
    [{ bounds: [bound(5)] }, { status: 2, bounds: [bound(9)] }],
    {},
    [{ ...log, kind: 'suspended', governors: 5 }],
  ),
  'R-1.8-suspension-raises-nothing-when-it-ends-in-expulsion': standing(
    'raises no earlier bound either when the suspension ends in expulsion',
    [{ bounds: [bound(5)] }, { status: 2, bounds: [bound(9)] }, { status: 3 }],
    {},
    [{ ...BOUNDED, governors: 5 }],
  ),
  'R-1.8-suspension-lowers': standing(
    'keeps the lower bound that was given while SUSPENDED when the suspension ends in expulsion',
    [{ bounds: [bound(9)] }, { status: 2, bounds: [bound(5)] }, { status: 3 }],
    {},
    [{ ...BOUNDED, governors: 5 }],
  ),
  'R-1.10-version-from-the-future': standing(
    'waits for nothing where a log names a registry version that nobody has',
    [],
    {},
    [{ ...ACTIVE, registryVersion: Number.MAX_SAFE_INTEGER }],
    'R-1.10',
  ),
  'R-1.10-version-from-the-past': standing(
    'bounds a log that names a registry version from before the return of its nation, whenever it was opened',
    [{ status: 3 }, {}],
    {},
    [{ ...BOUNDED, registryVersion: 3 }],
    'R-1.10',
  ),
}
