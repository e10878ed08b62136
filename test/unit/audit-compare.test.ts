import { describe, expect, test } from 'vitest'
import { compareExports } from '../../src/audit/compare.ts'
import { concat } from '../../src/base/bytes.ts'
import { parseAllianceId } from '../../src/base/ids.ts'
import { PROOF_TYPE, verifyProof } from '../../src/chain/proof.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import { parseRegistryDoc } from '../../src/registry/registry-doc.ts'
import { parseTrustClaim } from '../../src/registry/trust-claim.ts'
import { encodeTrust, trustOf } from '../../src/registry/trust-string.ts'
import { bytesOf, withBadSignature } from '../support/chain-fixture.ts'
import {
  checkpointItem,
  type ExportPlan,
  exportAlliance,
  exportDocuments,
  exportedLog,
  exportFile,
  exportRegistry,
} from '../support/export-file.ts'
import { firstNation, signNation } from '../support/registry-world.ts'

const aaa = exportedLog('AAA', 12)
const bbb = exportedLog('BBB', 7)

async function* stream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

function compare(first: ExportPlan, second: ExportPlan, trust?: string) {
  const claim = trust === undefined ? undefined : parseTrustClaim(trust)
  return compareExports([stream(exportFile(first)), stream(exportFile(second))], claim)
}

/** The log with only its first `size` entries. */
const upTo = (log: typeof aaa, size: number) => ({ ...log, entries: log.entries.slice(0, size) })

describe('two exports', () => {
  test('that hold the same entries are the same, wherever they begin', async () => {
    const whole = { logs: [aaa, bbb] }
    expect(await compare(whole, whole)).toMatchObject({ verdict: 'same', problems: [], documents: [], proofs: [] })
    const { verdict, logs } = await compare(whole, { logs: [{ ...aaa, from: 5 }, bbb] })
    expect(verdict).toBe('same')
    expect(logs.map(({ verdict }) => verdict)).toEqual(['same', 'same'])
  })

  test('of which one has more after the same history: who is ahead, and by how much', async () => {
    const { verdict, logs } = await compare({ logs: [upTo(aaa, 9)] }, { logs: [aaa, bbb] })
    expect(verdict).toBe('ahead')
    expect(logs).toMatchObject([
      {
        nation: 'AAA',
        ahead: { side: 1, by: 3 },
        sentence: 'The second file has 3 entries more, after the same history.',
      },
      { nation: 'BBB', ahead: { side: 1, by: 7 }, sentence: 'The second file alone has this log, with 7 entries.' },
    ])
  })

  test('of an author that signed two entries at one seq: the first of them, and the proof of it', async () => {
    const other = exportedLog('AAA', 12, 'other', 6)
    const { verdict, logs, proofs } = await compare({ logs: [aaa, bbb] }, { logs: [other, bbb] })
    expect(verdict).toBe('different')
    const forked = logs.find(({ nation }) => nation === 'AAA')
    expect(forked).toMatchObject({ verdict: 'different', seq: 6, leaves: [{ signed: true }, { signed: true }] })
    expect(forked?.sentence).toBe('AAA signed two different entries 6 of one log.')
    const context = { allianceId: exportAlliance, verify: verifyEd25519, keyStands: () => true }
    expect(proofs.map(proof => verifyProof(proof, context))).toMatchObject([
      { type: PROOF_TYPE.SAME_SEQ, effect: { kind: 'conflict', at: 6 } },
    ])
  })

  test('of which one holds an entry that the author did not sign: which of them it is', async () => {
    const forged = { ...aaa, entries: aaa.entries.with(11, withBadSignature(aaa.entries[11]!)) }
    const { verdict, logs, proofs } = await compare({ logs: [aaa] }, { logs: [forged] })
    expect(verdict).toBe('different')
    expect(logs[0]).toMatchObject({ seq: 11, leaves: [{ signed: true }, { signed: false }] })
    expect(logs[0]?.sentence).toBe('Entry 11 is not the same, and the author did not sign that of the second file.')
    expect(proofs).toEqual([])
  })

  test('of which one begins after the entry in which they differ: that they do, and before which entry', async () => {
    const other = exportedLog('AAA', 12, 'other', 6)
    const { logs, verdict } = await compare({ logs: [aaa] }, { logs: [{ ...other, from: 9 }] })
    expect({ verdict, ...logs[0] }).toMatchObject({ verdict: 'different', seq: 9 })
    expect(logs[0]?.sentence).toContain('an entry before 9')
  })

  test('of which one ends before the other begins cannot be compared', async () => {
    const { logs, verdict } = await compare({ logs: [upTo(aaa, 4)] }, { logs: [{ ...aaa, from: 6 }] })
    expect(verdict).toBe('undecided')
    expect(logs[0]?.sentence).toContain('the first file ends at entry 4, where the other begins with entry 6')
  })

  test('of which one holds a checkpoint of another tree than the entries of the other', async () => {
    const other = exportedLog('AAA', 12, 'other', 6)
    const stated = { logs: [upTo(aaa, 5)], evidence: [checkpointItem(other, 8)] }
    const { logs, verdict } = await compare(stated, { logs: [aaa] })
    expect({ verdict, ...logs[0] }).toMatchObject({ verdict: 'different', seq: 7 })
    expect(logs[0]?.sentence).toContain('The second file has other entries than the checkpoint of size 8')
  })

  test('of a key that began two logs at one position: the proof of it', async () => {
    const twin = exportedLog('AAA', 3, 'twin')
    const { verdict, proofs } = await compare({ logs: [aaa] }, { logs: [twin] })
    expect(verdict).toBe('different')
    expect(proofs).toHaveLength(1)
  })

  test('with other documents of one version, or of which one has more of them', async () => {
    const other = signNation(firstNation(exportAlliance, 'BBB', { issuedMs: 1 })).signed
    const changed = exportDocuments.with(2, other)
    const different = await compare({ logs: [aaa] }, { logs: [aaa], documents: changed })
    expect(different).toMatchObject({ verdict: 'different', documents: [{ nation: 'BBB', version: 1 }] })
    expect(different.documents[0]?.sentence).toBe(
      'The files have different documents as version 1 of the document of BBB.',
    )
    const more = await compare({ logs: [aaa] }, { logs: [aaa], documents: exportDocuments.slice(0, 2) })
    expect(more).toMatchObject({ verdict: 'ahead', documents: [{ nation: 'BBB', side: 0 }] })
  })

  test('one of which is cut: what can be told is told, and the rest is undecided', async () => {
    const chunks = exportFile({ logs: [aaa, bbb] })
    const cut = concat(...chunks).subarray(0, -100)
    const { verdict, problems } = await compareExports([stream(chunks), stream([cut])], undefined)
    expect(verdict).toBe('undecided')
    expect(problems[0]).toMatch(/^The second file cannot be read to its end/)
  })

  test('of different alliances are not compared', async () => {
    const other = parseAllianceId(bytesOf('another alliance'))
    const { verdict, problems } = await compare({ logs: [aaa] }, { logs: [aaa], allianceId: other })
    expect({ verdict, problems }).toEqual({
      verdict: 'undecided',
      problems: ['The two files are of different alliances.'],
    })
  })

  test('are held against what was confirmed out of band', async () => {
    const trust = encodeTrust(trustOf(parseRegistryDoc(exportRegistry)))
    expect((await compare({ logs: [aaa] }, { logs: [aaa] }, trust)).verdict).toBe('same')
    const { verdict, problems } = await compare(
      { logs: [aaa] },
      { logs: [aaa], documents: exportDocuments.slice(1) },
      trust,
    )
    expect(verdict).toBe('undecided')
    expect(problems[0]).toMatch(/^The second file does not prove its keys/)
  })
})
