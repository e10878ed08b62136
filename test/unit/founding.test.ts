import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseNationId } from '../../src/base/ids.ts'
import { checkOwnPlace, planFounding, signFounding } from '../../src/node/ceremonies/founding.ts'
import { createHome } from '../../src/node/ceremonies/founding-home.ts'
import { openKeyFile } from '../../src/node/ceremonies/founding-keys.ts'
import { readOwnNode, requestOf } from '../../src/node/ceremonies/founding-own.ts'
import { expectTrust, parseClaim } from '../../src/node/ceremonies/founding-trust.ts'
import { encodeNationFile, parseNationFile } from '../../src/node/ceremonies/nation-file.ts'
import {
  type Alliance,
  allianceFileOf,
  installAlliance,
  mergeAlliance,
  openAlliance,
  readAllianceFile,
  readHeldAlliance,
} from '../../src/node/home/founding-alliance.ts'
import { type Home, homeAt, readKemKeys } from '../../src/node/home/home.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'
import { DAY_MS } from '../../src/registry/doc-fields.ts'
import { documentsOf } from '../../src/registry/evidence.ts'
import { encodeTrust, fingerprint, trustOf, trustWords } from '../../src/registry/trust-string.ts'
import { ask, clock, found, makeHome, signNation, temporaryDirectory, weak } from '../support/nation-homes.ts'

const coded = (code: string) => expect.objectContaining({ code })

const directory = await temporaryDirectory()
afterAll(() => directory[Symbol.asyncDispose]())

/** Two homes, and the alliance that the first founded with the second. */
let deu: Home
let fra: Home
let founded: Alliance

beforeAll(async () => {
  deu = await makeHome(directory.path, 'DEU', ['/ip4/127.0.0.1/tcp/7117'])
  fra = await makeHome(directory.path, 'FRA')
  founded = await signNation(await found([deu, fra]), deu)
})

describe('a new home', () => {
  it('holds its secrets in files that only its owner may read', async () => {
    const files = (await readdir(deu.path, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile())
    expect(files.length).toBeGreaterThan(5)
    for (const { parentPath, name } of files) expect((await stat(join(parentPath, name))).mode & 0o077).toBe(0)
  })

  it('has KEM keys made ahead in windows without a gap, for longer than a document is valid (R-3.7)', async () => {
    const keys = await readKemKeys(deu)
    expect(keys).toHaveLength(16)
    expect(keys.slice(1).map(key => key.fromMs)).toEqual(keys.slice(0, -1).map(key => key.untilMs))
    expect(keys[0]!.fromMs).toBeLessThan(Date.now())
    expect(keys.at(-1)!.untilMs).toBeGreaterThan(Date.now() + 400 * DAY_MS)
  })

  it('is never made over another', async () => {
    const before = await readFile(deu.rootKey)
    await expect(makeHome(directory.path, 'DEU')).rejects.toThrow(coded('home-exists'))
    expect(await readFile(deu.rootKey)).toEqual(before)
  })

  it('leaves nothing behind where an address is none', async () => {
    const home = homeAt(join(directory.path, 'ESP'), {})
    const draft = { nation: parseNationId('ESP'), label: '', listen: ['127.0.0.1:7117'], announce: [] }
    const made = createHome(home, draft, ask, { clock, random: systemRandom, ...weak })
    await expect(made).rejects.toThrow(coded('net-address-invalid'))
    expect(await readdir(directory.path)).not.toContain('ESP')
  })

  it('quotes in its configuration what YAML would take for something else', async () => {
    const home = await makeHome(directory.path, 'NULL')
    expect((await readOwnNode(home, {})).nationFile.nation).toBe('NULL')
  })
})

describe("a nation's request", () => {
  it('reads back as it was written', async () => {
    const own = await readOwnNode(deu, {})
    const request = requestOf(own)
    expect(request.nodes[0]?.addresses).toEqual(['/ip4/127.0.0.1/tcp/7117'])
    expect(parseNationFile(Buffer.from(encodeNationFile(request)), 'DEU.json')).toEqual(request)
  })

  it.each([
    ['text', 'hello'],
    ['another format', '{"format":"tocsin-nation/2"}'],
    ['a list', '[]'],
  ])('refuses %s', (_, text) => {
    expect(() => parseNationFile(Buffer.from(text), 'x')).toThrow(coded('nation-file-malformed'))
  })

  it('refuses a key of which a byte is missing, and a label of two lines', async () => {
    const text = await readFile(deu.nation, 'utf8')
    const request = JSON.parse(text)
    const shorter = structuredClone(request)
    shorter.roots[0].ed25519 = Buffer.alloc(31, 1).toString('base64')
    const broken = { ...request, label: 'a\nb' }
    for (const file of [shorter, broken]) {
      expect(() => parseNationFile(Buffer.from(JSON.stringify(file)), 'x')).toThrow(coded('nation-file-malformed'))
    }
  })
})

describe('founding', () => {
  it('makes every nation a member that publishes, receives and witnesses', () => {
    const { members } = founded.directory
    expect(members().map(({ nation, roles }) => [nation, [...roles]])).toEqual([
      ['DEU', [1, 2, 3]],
      ['FRA', [1, 2, 3]],
    ])
  })

  it('refuses one nation named twice', async () => {
    const { nationFile } = await readOwnNode(deu, {})
    expect(() => planFounding(wish([nationFile, nationFile], ['DEU']))).toThrow(coded('doc-nation-repeated'))
  })

  it('refuses a governor who is not among the nations, and a threshold that is no majority', async () => {
    const nations = await Promise.all([deu, fra].map(async home => (await readOwnNode(home, {})).nationFile))
    expect(() => planFounding(wish(nations, ['ITA']))).toThrow(coded('wire-text'))
    expect(() => planFounding({ ...wish(nations, ['DEU', 'FRA']), threshold: 1 })).toThrow(coded('doc-threshold-range'))
    expect(() => planFounding({ ...wish(nations, ['DEU']), threshold: 2 })).toThrow(coded('doc-threshold-range'))
  })

  it('signs with both governors where two must, and not with one of them twice (R-1.2)', async () => {
    const homes = await Promise.all(['GBR', 'ITA'].map(nation => makeHome(directory.path, nation)))
    const nations = await Promise.all(homes.map(async home => (await readOwnNode(home, {})).nationFile))
    const plan = planFounding(wish(nations, ['GBR', 'ITA']))
    const [gbr, ita, recovery] = await Promise.all(
      [homes[0]!.governorKey, homes[1]!.governorKey, homes[0]!.recoveryKey].map(path => openKeyFile(path, ask)),
    )
    await expect(signFounding(plan, [gbr!, recovery!], weak)).rejects.toThrow(coded('doc-threshold'))
    const { directory: registry } = await signFounding(plan, [gbr!, ita!], weak)
    expect(registry.registry.threshold).toBe(2)
  })

  it('refuses a root key in the place of a governor key', async () => {
    const { nationFile } = await readOwnNode(deu, {})
    const root = await openKeyFile(deu.rootKey, ask)
    const signed = signFounding(planFounding(wish([nationFile], ['DEU'])), [root], weak)
    await expect(signed).rejects.toThrow(coded('key-file-other'))
  })
})

describe('a signing key file', () => {
  it('refuses a second document of a version until the first is given up by its hash, and records both (R-1.5)', async () => {
    const home = await makeHome(directory.path, 'NLD')
    const { nationFile } = await readOwnNode(home, {})
    const first = planFounding({ ...wish([nationFile], ['NLD']), name: 'First' })
    const second = planFounding({ ...wish([nationFile], ['NLD']), name: 'Second' })
    const open = () => openKeyFile(home.governorKey, ask)
    await signFounding(first, [await open()], weak)
    await signFounding(first, [await open()], weak)
    await expect(signFounding(second, [await open()], weak)).rejects.toThrow(coded('key-signed-another'))
    const wrong = { ...weak, abandon: '00'.repeat(32) }
    await expect(signFounding(second, [await open()], wrong)).rejects.toThrow(coded('key-signed-another'))
    await signFounding(second, [await open()], { ...weak, abandon: first.registry.hash })
    const { signed, alliance } = (await open()).secrets
    expect(signed.map(({ state }) => state)).toEqual(['abandoned', 'signed'])
    expect(alliance).toBe('First')
  })

  it('is refused where others may read it, and where the passphrase is another', async () => {
    const home = await makeHome(directory.path, 'POL')
    const wrong = openKeyFile(home.rootKey, (_, rejected) => {
      if (rejected !== undefined) throw rejected
      return Promise.resolve('wrong')
    })
    await expect(wrong).rejects.toThrow(coded('passphrase-wrong'))
    await chmod(home.rootKey, 0o644)
    await expect(openKeyFile(home.rootKey, ask)).rejects.toThrow(coded('key-file-permissions'))
  })
})

describe('an alliance file', () => {
  it('reads back whole, in a home with its pin', async () => {
    const trust = trustOf(founded.directory.registry)
    await installAlliance(deu, founded, trust)
    const held = await readHeldAlliance(deu)
    expect(held?.trust).toEqual(trust)
    expect(held?.evidence).toEqual(founded.evidence)
  })

  it('is refused whole where one byte of one document or signature is another (R-1.2)', () => {
    const documents = documentsOf(founded.evidence)
    documents.forEach((doc, i) => {
      const docBytes = Uint8Array.from(doc.docBytes)
      docBytes[docBytes.length - 1]! ^= 1
      expect(() => openAlliance(documents.with(i, { ...doc, docBytes }))).toThrow()
      const sigs = doc.sigs.map(sig => ({ ...sig, mldsa65: sig.mldsa65.map(byte => byte ^ 1) }))
      expect(() => openAlliance(documents.with(i, { ...doc, sigs }))).toThrow(coded('doc-threshold'))
    })
  })

  it('is refused without the founding document', () => {
    const documents = documentsOf(founded.evidence).filter(doc => doc.type !== 1)
    expect(() => openAlliance(documents)).toThrow(coded('alliance-incomplete'))
  })

  it('is refused in a home that belongs to another alliance, and both are named (R-1.4)', async () => {
    const other = await found([await makeHome(directory.path, 'PRT')], 'Other')
    const held = { ...founded, trust: trustOf(founded.directory.registry) }
    expect(() => mergeAlliance(held, documentsOf(other.evidence))).toThrow(coded('registry-fingerprint-mismatch'))
    expect(() => mergeAlliance(held, documentsOf(other.evidence))).toThrow(
      new RegExp(`${fingerprint(trustOf(other.directory.registry))}.*${fingerprint(held.trust)}`),
    )
  })

  it('brings new documents of others to those held, whichever comes first', async () => {
    const withFra = await signNation(openAlliance(documentsOf(founded.evidence).slice(0, 1)), fra)
    const trust = trustOf(founded.directory.registry)
    const one = mergeAlliance({ ...founded, trust }, documentsOf(withFra.evidence))
    const other = mergeAlliance({ ...withFra, trust }, documentsOf(founded.evidence))
    expect(one.directory.members().map(({ doc }) => doc?.version)).toEqual([1, 1])
    expect(allianceFileOf(one.evidence)).toBe(allianceFileOf(other.evidence))
  })

  it('is refused by a nation that finds root keys in it that are not its own (R-1.7)', async () => {
    const elsewhere = await temporaryDirectory()
    const impostor = await makeHome(elsewhere.path, 'FRA')
    const { nationFile } = await readOwnNode(impostor, {})
    expect(() => checkOwnPlace(founded, nationFile)).toThrow(coded('alliance-other-root'))
    await elsewhere[Symbol.asyncDispose]()
  })

  it('is refused where the file is none', async () => {
    const path = join(directory.path, 'broken.tocsin')
    await writeFile(path, '{"format":"tocsin-alliance/1","documents":["AAA"]}')
    await expect(readAllianceFile(path)).rejects.toThrow(coded('alliance-file-malformed'))
    await expect(readAllianceFile(join(directory.path, 'absent'))).rejects.toThrow(coded('file-unreadable'))
  })
})

describe('what the operator confirms (R-1.4)', () => {
  const chain = () => founded.directory.chain

  it('may be the trust string, the words or the fingerprint, however they are spaced', () => {
    const trust = trustOf(founded.directory.registry)
    const words = trustWords(trust)
    const forms = [
      encodeTrust(trust),
      ` ${encodeTrust(trust).toUpperCase()}\n`,
      words.join(' '),
      words.join(', ').toUpperCase(),
      fingerprint(trust),
      fingerprint(trust).replaceAll('-', ' '),
    ]
    for (const form of forms) expect(parseClaim(form, founded)).toEqual(trust)
  })

  it('is refused where one word or character is another, and both are named', () => {
    const trust = trustOf(founded.directory.registry)
    const other = fingerprint(trust).replace(/^./, char => (char === 'a' ? 'b' : 'a'))
    const words = trustWords(trust).with(3, trustWords(trust)[3] === 'acid' ? 'acorn' : 'acid')
    for (const claim of [other, words.join(' ')]) {
      expect(() => parseClaim(claim, founded)).toThrow(coded('registry-fingerprint-mismatch'))
      expect(() => parseClaim(claim, founded)).toThrow(claim)
      expect(() => parseClaim(claim, founded)).toThrow(fingerprint(trust))
    }
  })

  it('is refused where it is nothing of the kind', () => {
    for (const claim of ['', 'yes', 'tocsin1-abc', 'czno-44kp']) {
      expect(() => parseClaim(claim, founded)).toThrow(coded('trust-string-malformed'))
    }
  })

  it('is refused where the file ends before the version that was confirmed', () => {
    const later = { ...trustOf(founded.directory.registry), version: 2 }
    expect(() => expectTrust(later, chain())).toThrow(coded('alliance-incomplete'))
  })
})

function wish(nations: Parameters<typeof planFounding>[0]['nations'], governors: readonly string[]) {
  return {
    name: 'Exercise',
    nations,
    governors: governors.map(parseNationId),
    threshold: undefined,
    byzantineNations: undefined,
    nowMs: clock.now(),
  }
}
