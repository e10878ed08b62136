import type { webcrypto } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleForBrowser } from '../../scripts/verifier-page.ts'
import { fromHex, toHex, utf8 } from '../../src/base/bytes.ts'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import { mlDsa44, mlDsa65 } from '../../src/crypto/mldsa.ts'
import { createMlDsa44Signer, createMlDsa65Signer } from '../../src/crypto/mldsa-signer.ts'
import { nativeVerifiers } from '../../src/crypto/native-verifiers.ts'
import { hasChromium, launchChromium } from '../support/chromium.ts'
import type { Portable, SignatureCase } from '../support/portable-entry.ts'
import type { ChainVector } from './chain-cases/vector.ts'
import { chainOutcome } from './chain-outcome.ts'
import type { RegistryVector } from './registry-cases/vector.ts'
import { registryOutcome } from './registry-outcome.ts'
import { hasVectors, readVectors } from './shared-vectors.ts'

/** Set by the bundle, in whichever world it runs. */
declare const portable: Portable

const CCTV = 'ed25519/cctv-ed25519-edge.json.gz'
const WYCHEPROOF = 'ed25519/wycheproof-ed25519.json.gz'

const onNode: { portable?: Portable } = {}
const opened = new AsyncDisposableStack()
let page: Page | undefined

// In a bundle every module is there a second time, and nobody has installed anything in it.
beforeAll(async () => {
  const bundle = await bundleForBrowser(join(import.meta.dirname, '../support/portable-entry.ts'))
  new Function('globalThis', bundle)(onNode)
  if (!hasChromium()) return
  const browser = await launchChromium()
  opened.defer(() => browser.close())
  page = await browser.newPage()
  // Only a page that comes from somewhere has WebCrypto, and the disk is somewhere.
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-portable-'))
  opened.defer(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'empty.html'), '<!doctype html><title>empty</title>')
  await page.goto(pathToFileURL(join(folder, 'empty.html')).href)
  await page.evaluate(bundle)
})
afterAll(() => opened.disposeAsync())

it('the daemon verifies with the routines of the machine, and the portable code with its own', async () => {
  expect(nativeVerifiers()).toBeDefined()
  expect(onNode.portable!.isNative()).toBe(false)
  expect(await page?.evaluate(() => portable.isNative())).not.toBe(true)
})

/** The verdicts of all who verify, by who they are. */
async function ed25519Verdicts(cases: readonly SignatureCase[]) {
  const daemon = cases.map(({ key, message, text, signature }) =>
    verifyEd25519(fromHex(key), text === true ? utf8(message) : fromHex(message), fromHex(signature)),
  )
  const inPage = await page?.evaluate(async all => {
    const { subtle } = crypto
    const plain = (bytes: Uint8Array) => new Uint8Array(bytes)
    const webCrypto = await portable.webCrypto(all, {
      importKey: key => subtle.importKey('raw', plain(key), 'Ed25519', false, ['verify']),
      verify: (key, signature, message) =>
        subtle.verify('Ed25519', key as webcrypto.CryptoKey, plain(signature), plain(message)),
    })
    return { portable: portable.ed25519(all), webCrypto }
  }, cases)
  return { daemon, onNode: onNode.portable!.ed25519(cases), ...inPage }
}

describe.skipIf(!hasVectors(CCTV))('R-2.3: the 914 edge cases of C2SP/CCTV', () => {
  it('are decided alike by the daemon, the portable code on node and in Chromium, and what Chromium brings', async () => {
    interface Vector {
      readonly key: string
      readonly msg: string
      readonly sig: string
    }
    const cases = readVectors<Vector[]>(CCTV).map(({ key, msg, sig }) => ({
      key,
      message: msg,
      text: true,
      signature: sig,
    }))
    const { daemon, ...others } = await ed25519Verdicts(cases)
    expect(daemon).toHaveLength(914)
    expect(daemon.filter(Boolean)).toHaveLength(43)
    for (const [who, verdicts] of Object.entries(others)) expect([who, verdicts]).toEqual([who, daemon])
  })
})

describe.skipIf(!hasVectors(WYCHEPROOF))('Wycheproof Ed25519', () => {
  it('is decided alike by all of them', async () => {
    interface File {
      readonly testGroups: readonly {
        readonly publicKey: { readonly pk: string }
        readonly tests: readonly { readonly msg: string; readonly sig: string; readonly result: string }[]
      }[]
    }
    const tests = readVectors<File>(WYCHEPROOF).testGroups.flatMap(({ publicKey, tests }) =>
      tests.map(({ msg, sig, result }) => ({ key: publicKey.pk, message: msg, signature: sig, result })),
    )
    const verdicts = await ed25519Verdicts(tests.map(({ result, ...one }) => one))
    const published = tests.map(({ result }) => result === 'valid')
    for (const [who, said] of Object.entries(verdicts)) expect([who, said]).toEqual([who, published])
  })
})

describe.each([
  ['mlDsa44', mlDsa44, createMlDsa44Signer],
  ['mlDsa65', mlDsa65, createMlDsa65Signer],
] as const)('%s', (name, mlDsa, createSigner) => {
  it('is decided alike by all of them, wherever a bit is flipped', async () => {
    const signer = createSigner(new Uint8Array(32).fill(9))
    const message = utf8('portable')
    const signature = signer.sign(message)
    const flipped = [0, 40, 1000, 2000, ...Array.from({ length: 20 }, (_, i) => signature.length - 1 - 4 * i)]
    const signatures = [signature, ...flipped.map(at => signature.with(at, signature[at]! ^ 1))]
    const cases = signatures.map(one => ({
      key: toHex(signer.publicKey),
      message: toHex(message),
      signature: toHex(one),
    }))
    const daemon = signatures.map(one => mlDsa.verify(signer.publicKey, message, one))
    expect(daemon.map((valid, i) => valid === (i === 0))).not.toContain(false)
    expect(onNode.portable![name](cases)).toEqual(daemon)
    const inPage = await page?.evaluate(([name, all]) => portable[name](all), [name, cases] as const)
    expect(inPage ?? daemon).toEqual(daemon)
  })
})

function vectorsIn<T>(folder: string): readonly (readonly [name: string, vector: T])[] {
  const path = join(import.meta.dirname, folder)
  return readdirSync(path)
    .sort()
    .map(name => [name, JSON.parse(readFileSync(join(path, name), 'utf8')) as T])
}

/** As it crosses from a browser: undefined fields are not there. */
function asData(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

describe('every vector of the chain', () => {
  it('comes out of the portable code as out of the daemon, on node and in Chromium', async () => {
    const vectors = vectorsIn<ChainVector>('chain')
    const inputs = vectors.map(([, { input }]) => input)
    const inPage = await page?.evaluate(all => all.map(input => JSON.stringify(portable.chainOutcome(input))), inputs)
    vectors.forEach(([name, { input }], i) => {
      const daemon = asData(chainOutcome(input))
      expect([name, asData(onNode.portable!.chainOutcome(input))]).toEqual([name, daemon])
      if (inPage !== undefined) expect([name, JSON.parse(inPage[i]!)]).toEqual([name, daemon])
    })
  })
})

describe('every vector of the registry', () => {
  // Portable ML-DSA takes its time: once is enough.
  it('comes out of the portable code as out of the daemon, in Chromium or else on node', async () => {
    const vectors = vectorsIn<RegistryVector>('registry')
    const shared = vectors.find(([name]) => name === 'base.json')![1].docs
    const inPage = await page?.evaluate(
      ([all, docs]) => all.map(vector => JSON.stringify(portable.registryOutcome(vector, docs))),
      [vectors.map(([, vector]) => vector), shared] as const,
    )
    vectors.forEach(([name, vector], i) => {
      const daemon = asData(registryOutcome(vector, shared))
      const ours = inPage === undefined ? onNode.portable!.registryOutcome(vector, shared) : JSON.parse(inPage[i]!)
      expect([name, asData(ours)]).toEqual([name, daemon])
    })
  })
})
