import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { toBase64 } from '../../src/base/bytes.ts'
import type { KemSecret } from '../../src/crypto/node-key-file.ts'
import { toKemKey } from '../../src/node/ceremonies/founding.ts'
import { addDocuments } from '../../src/registry/add-document.ts'
import { DAY_MS } from '../../src/registry/doc-fields.ts'
import { emptyEvidence } from '../../src/registry/evidence.ts'
import { planNation } from '../../src/registry/next-nation.ts'
import { openDirectory } from '../../src/registry/open-directory.ts'
import { DOC_TYPE, encodeSignedDoc, parseSignedDoc, signDoc } from '../../src/registry/signed-doc.ts'
import { createTestAlliance, domainDraft, ready, type TestAlliance, until } from '../support/node-alliance.ts'

/** a nation changes its KEM key while its node runs, and reads on without a restart. */

function newSecret(): KemSecret {
  const nowMs = Date.now()
  return { seed: randomBytes(32), fromMs: nowMs - DAY_MS, untilMs: nowMs + 30 * DAY_MS }
}

/** The next document of the second nation, in which the old key is given up for that of `secret`. */
function replacing({ allianceId, members, documents }: TestAlliance, secret: KemSecret): string {
  const { nation, root } = members[1]!
  const evidence = addDocuments(emptyEvidence(allianceId), documents.map(parseSignedDoc))
  const { doc } = openDirectory(evidence, [])!.member(nation)!
  const changes = [{ kind: 'compromise-kems' }, { kind: 'add-kems', kems: [toKemKey(secret)] }] as const
  const { docBytes } = planNation(doc!, changes, { issuedMs: Date.now(), validDays: 365 })
  return toBase64(encodeSignedDoc(signDoc(DOC_TYPE.NATION, allianceId, docBytes, [root])))
}

test('new KEM secrets are taken over with the document that names them', async () => {
  await using alliance = await createTestAlliance(2)
  const secret = newSecret()
  const rereadKemKeys = () => Promise.resolve([...alliance.members[1]!.kemKeys, secret])
  await using a = await alliance.start(0)
  await using b = await alliance.start(1, { rereadKemKeys })
  await ready([a, b])
  await a.service.publish([domainDraft('before.example')])
  await until(() => b.service.status().indicators === 1, 10_000)

  const document = replacing(alliance, secret)
  expect(await b.service.applyDocuments([document])).toMatchObject({ added: 1 })
  await a.service.applyDocuments([document])
  await a.service.publish([domainDraft('after.example')])
  await until(() => b.service.status().indicators === 2, 10_000)
  expect(b.service.status().waiting).toBe(0)
}, 40_000)

test('what was sealed to a key that comes later is opened when it comes', async () => {
  await using alliance = await createTestAlliance(2)
  const secret = newSecret()
  let secrets = alliance.members[1]!.kemKeys
  await using a = await alliance.start(0)
  await using b = await alliance.start(1, { rereadKemKeys: () => Promise.resolve(secrets) })
  await ready([a, b])
  const document = replacing(alliance, secret)
  for (const node of [a, b]) await node.service.applyDocuments([document])
  await a.service.publish([domainDraft('sealed.example')])
  await until(() => b.service.status().waiting === 1, 10_000)
  expect(b.service.status().indicators).toBe(0)

  secrets = [...secrets, secret]
  expect(await b.service.reloadKemKeys()).toBe(2)
  await until(() => b.service.status().indicators === 1 && b.service.status().waiting === 0, 10_000)
}, 40_000)
