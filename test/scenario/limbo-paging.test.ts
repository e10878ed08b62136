import { expect, test } from 'vitest'
import { parseNationDoc } from '../../src/registry/nation-doc.ts'
import { parseSignedDoc } from '../../src/registry/signed-doc.ts'
import {
  createTestAlliance,
  freePort,
  type RunningNode,
  type SerialisedAlliance,
  startFrom,
  type TestAlliance,
  until,
} from '../support/node-alliance.ts'
import { rotateNode } from '../support/node-rotation.ts'
import { apply, governing, idleBounds } from '../support/registry-changes.ts'

const MIB = 1024 * 1024
const VERSIONS = 18

interface Changed {
  /** A with new keys and a new address: a stranger to whoever has not its new document. */
  readonly now: SerialisedAlliance
  /** All of `now.documents` but that. */
  readonly others: readonly Uint8Array[]
}

/** More than a mebibyte of registry versions, and A changes its keys. */
async function change({ allianceId, members, documents, ...rest }: TestAlliance): Promise<Changed> {
  const { next } = governing({ allianceId, members, documents, ...rest })
  const versions: Uint8Array[] = []
  while (versions.length < VERSIONS - 1) {
    const bounds = idleBounds(1000)
    const large = next(
      ({ nations }) => ({ nations: nations.map((entry, i) => (i === 5 ? { ...entry, bounds } : entry)) }),
      versions.at(-1),
    )
    versions.push(large)
  }
  expect(versions.reduce((sum, doc) => sum + doc.length, 0)).toBeGreaterThan(1.5 * MIB)
  const held = parseNationDoc(parseSignedDoc(documents[1]!))
  const address = `/ip4/127.0.0.1/tcp/${await freePort()}`
  const rotated = rotateNode(allianceId, members[0]!, held, { address, issuedMs: Date.now(), bounds: [] })
  const others = [...documents, ...versions]
  return {
    now: { allianceId, members: [rotated.member, ...members.slice(1)], documents: [...others, rotated.document] },
    others,
  }
}

function connected({ service }: RunningNode, nation: string, timeoutMs: number): Promise<void> {
  const isUp = () => service.peers().some(peer => peer.nation === nation && peer.state === 'connected')
  return until(isUp, timeoutMs, () => JSON.stringify([service.status().registryVersion, service.peers()]))
}

test('R-5.4: a node that slept through more than a mebibyte of documents comes past the first, page by page', async () => {
  await using alliance = await createTestAlliance(6)
  const { now } = await change(alliance)
  await using sleeper = await startFrom({ ...now, documents: alliance.documents }, 1)
  await using awake = await startFrom(now, 0)
  await connected(sleeper, 'AAA', 90_000)
  await connected(awake, 'BBB', 5000)
  expect(sleeper.service.status().registryVersion).toBe(VERSIONS)
}, 120_000)

test('R-5.4: who knows the registry is spared it, and is shown the new document at once', async () => {
  await using alliance = await createTestAlliance(6)
  const { now, others } = await change(alliance)
  await using knowing = await startFrom({ ...now, documents: others }, 1)
  await using changed = await startFrom(now, 0)
  await connected(knowing, 'AAA', 9000)
  await connected(changed, 'BBB', 5000)
}, 60_000)

test('R-5.4: a node that ran with its new keys before its document named them is let in once it does', async () => {
  await using alliance = await createTestAlliance(3)
  const { allianceId, documents, members } = alliance
  const held = parseNationDoc(parseSignedDoc(documents[1]!))
  const address = `/ip4/127.0.0.1/tcp/${await freePort()}`
  const rotated = rotateNode(allianceId, members[0]!, held, { address, issuedMs: Date.now(), bounds: [] })
  await using knowing = await startFrom({ allianceId, documents, members }, 1)
  await using early = await startFrom({ allianceId, documents, members: [rotated.member] }, 0)
  const hasLookedOnce = () => knowing.service.peers().some(({ state }) => state === 'refused')
  await until(hasLookedOnce, 10_000)
  expect(early.service.status()).toMatchObject({
    state: 'degraded',
    problems: expect.arrayContaining([expect.objectContaining({ code: 'publish-key-unknown' })]),
  })
  await until(() => !hasLookedOnce(), 15_000)
  await apply(early, rotated.document)
  await connected(knowing, 'AAA', 60_000)
  expect(early.service.status().problems).toEqual([])
}, 90_000)
