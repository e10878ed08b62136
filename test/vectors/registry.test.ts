import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { CODES } from '../../src/base/codes.ts'
import { UserError } from '../../src/base/errors.ts'
import { parseLogId, parseNationId } from '../../src/base/ids.ts'
import { addDocument } from '../../src/registry/add-document.ts'
import { buildDirectory, type Directory } from '../../src/registry/directory.ts'
import { docHashHex } from '../../src/registry/doc-fields.ts'
import { type EvidenceSet, emptyEvidence } from '../../src/registry/evidence.ts'
import { checkExpiry } from '../../src/registry/expiry.ts'
import { allianceIdOf, parseRegistryDoc } from '../../src/registry/registry-doc.ts'
import { registryState } from '../../src/registry/registry-state.ts'
import { encodeSignedDoc, type ParsedSignedDoc, parseSignedDoc } from '../../src/registry/signed-doc.ts'
import { checkTrust, trustOf } from '../../src/registry/trust-string.ts'
import { registryVectorFiles } from './registry-cases/all.ts'
import type { LogExpectation, RegistryVector } from './registry-cases/vector.ts'

const directory = join(import.meta.dirname, 'registry')
const files = readdirSync(directory).sort()
const textOf = (file: string) => readFileSync(join(directory, file), 'utf8')
const vectorOf = (file: string): RegistryVector => JSON.parse(textOf(file))
const shared = vectorOf('base.json').docs

function docOf(vector: RegistryVector, name: string) {
  return parseSignedDoc(fromHex(vector.docs[name] ?? shared[name]!))
}

function hashOf(vector: RegistryVector, name: string): string {
  return docHashHex(docOf(vector, name).hash)
}

function deliver(vector: RegistryVector): EvidenceSet {
  let set = emptyEvidence(allianceIdOf(docOf(vector, 'registry-1').docBytes))
  for (const { doc, outcome, code } of vector.deliver) {
    const added = addDocument(set, docOf(vector, doc))
    expect({ doc, ...added.outcome }).toMatchObject(
      code === undefined ? { doc, kind: outcome } : { doc, kind: outcome, code },
    )
    set = added.set
  }
  return set
}

function logOf(answers: Directory, { nation, key, logId, registryVersion }: LogExpectation): LogExpectation {
  const log = {
    nation: parseNationId(nation),
    signPk: fromHex(key),
    logId: parseLogId(fromHex(logId)),
    registryVersion,
  }
  const standing = answers.logStanding(log)
  const expectation = { nation, key, logId, registryVersion, kind: standing.kind }
  if (standing.kind === 'none' || standing.kind === 'active') return expectation
  const { governors, own } = standing
  return { ...expectation, ...(governors && { governors: governors.size }), ...(own && { own: own.size }) }
}

/** */
function arrival(signed: ParsedSignedDoc, answers: Directory): string {
  try {
    return checkTrust(trustOf(parseRegistryDoc(signed)), answers.chain)
  } catch (error) {
    if (error instanceof UserError) return error.code
    throw error
  }
}

describe('registry vectors', () => {
  it('come out of the script byte for byte', () => {
    const vectors = registryVectorFiles()
    expect(
      Object.keys(vectors)
        .map(name => `${name}.json`)
        .sort(),
    ).toEqual(files)
    for (const [name, vector] of Object.entries(vectors)) {
      expect(textOf(`${name}.json`) === `${JSON.stringify(vector, null, 1)}\n`, name).toBe(true)
    }
  })

  it('are named after their rule, and refuse with a known code', () => {
    for (const file of files.filter(file => file !== 'base.json')) {
      const { rule, deliver } = vectorOf(file)
      expect(file.startsWith(`${rule}-`), file).toBe(true)
      for (const { code } of deliver) if (code !== undefined) expect(Object.keys(CODES)).toContain(code)
    }
  })

  it.each(files)('%s', file => {
    const vector = vectorOf(file)
    const pins = (vector.pins ?? []).map(({ version, doc, from }) => ({
      version,
      hash: docHashHex(docOf(vector, doc).hash),
      from,
    }))
    const set = deliver(vector)
    const state = registryState(set, pins)!
    const {
      registry,
      split,
      nations,
      mayOpenLog,
      peers,
      logs,
      sealedTo,
      expiry,
      trust,
      pinsAside,
      pinnedOut,
      overruled,
    } = vector.expect
    expect(state.inForce.hash).toBe(hashOf(vector, registry))
    expect(state.split?.signersOfBoth).toEqual(split)
    const answers = buildDirectory(set, state)
    for (const [nation, doc] of Object.entries(nations ?? {})) {
      const inForce = answers.member(parseNationId(nation))?.doc
      expect(inForce?.hash ?? null, nation).toBe(doc === null ? null : hashOf(vector, doc))
    }
    for (const { nation, key, answer } of mayOpenLog ?? []) {
      expect(answers.mayOpenLog(parseNationId(nation), fromHex(key)), `${nation} ${key}`).toBe(answer)
    }
    for (const { key, answer } of peers ?? []) expect(answers.peerStanding(fromHex(key)), key).toBe(answer)
    for (const log of logs ?? []) expect(logOf(answers, log)).toEqual(log)
    for (const { atMs, nations } of sealedTo ?? []) {
      expect(answers.audience(atMs).recipients.map(({ nation }) => nation)).toEqual(nations)
    }
    for (const { atMs, kind } of expiry ?? []) expect(checkExpiry(answers.registry.expiresMs, atMs).kind).toBe(kind)
    for (const { doc, answer } of trust ?? []) expect(arrival(docOf(vector, doc), answers), doc).toBe(answer)
    expect(answers.pinsAside.map(({ hash }) => hash)).toEqual((pinsAside ?? []).map(doc => hashOf(vector, doc)))
    const furthest = pinnedOut === undefined ? undefined : hashOf(vector, pinnedOut)
    expect(answers.pinnedOut?.hash).toBe(furthest)
    expect(answers.members().flatMap(member => (member.overruled === undefined ? [] : member.nation))).toEqual(
      overruled ?? [],
    )
  })

  it('have documents that encode to the bytes they were parsed from', () => {
    for (const hex of Object.values(shared)) expect(toHex(encodeSignedDoc(parseSignedDoc(fromHex(hex))))).toBe(hex)
  })
})
