import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildVerifierPage } from '../../scripts/verifier-page.ts'
import { encodeProofFile } from '../../src/audit/proof-file.ts'
import { parseTrustClaim } from '../../src/registry/trust-claim.ts'
import { encodeTrust, parseTrust } from '../../src/registry/trust-string.ts'
import { changeEntry, changeEnvelope, changeEnvelopes, RUN, turned } from '../support/audit-spoiling.ts'
import { auditBytes, fileOf, first, plain, soundExport, third, trustStringOf } from '../support/audit-world.ts'
import { hasChromium, launchChromium } from '../support/chromium.ts'
import { proofOf } from '../support/entry-proof.ts'

const TRUST = trustStringOf(third)
const OTHER_TRUST = encodeTrust({ ...parseTrust(TRUST), hash: parseTrust(trustStringOf(first)).hash })

// In the page: what the types of node do not know is given as text.
const CLEAR = "document.getElementById('results').replaceChildren()"
const FOCUSED = 'document.activeElement.id || document.activeElement.className'

const opened = new AsyncDisposableStack()
const folder = mkdtempSync(join(tmpdir(), 'tocsin-verifier-'))
opened.defer(() => rmSync(folder, { recursive: true }))
afterAll(() => opened.disposeAsync())

let html: string
beforeAll(async () => {
  html = await buildVerifierPage()
})

describe('the file of the verifier', () => {
  it('comes out the same, byte for byte, each time', async () => {
    const hash = (text: string) => createHash('sha256').update(text).digest('hex')
    expect(hash(await buildVerifierPage())).toBe(hash(html))
  })

  it('forbids everything that would reach a network, and names no place to reach', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? ''
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-[^']*'; style-src 'sha256-[^']*'; worker-src blob:;/,
    )
    expect(policy).not.toMatch(/unsafe|connect-src|https?:|\*/)
    const places = /\s(?:src|href)=|@import|url\(|\bfetch\(|XMLHttpRequest|WebSocket|importScripts|node:/g
    expect(html.match(places)).toBeNull()
  })
})

describe.skipIf(!hasChromium())('an auditor with Chromium', () => {
  const requests: string[] = []
  const complaints: string[] = []
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    writeFileSync(join(folder, 'tocsin-verifier.html'), html)
    browser = await launchChromium()
    opened.defer(() => browser.close())
    page = await browser.newPage({ viewport: { width: 1200, height: 900 } })
    page.on('request', request => requests.push(request.url()))
    page.on('console', message => complaints.push(message.text()))
    page.on('pageerror', error => complaints.push(error.message))
    await page.goto(pathToFileURL(join(folder, 'tocsin-verifier.html')).href)
  })

  async function reads(bytes: Uint8Array, trust = TRUST) {
    await page.fill('#trust', trust)
    const file = { name: 'export', mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) }
    await page.evaluate(CLEAR)
    await page.setInputFiles('#file', file)
    await page.waitForSelector('#results > section')
    return readVerdict()
  }

  async function readVerdict() {
    const texts = (selector: string) => page.locator(selector).allTextContents()
    return {
      headline: (await texts('#results h2'))[0],
      counts: (await texts('.counts dd')).map(Number),
      findings: await texts('.finding .sentence'),
      codes: await texts('.finding code'),
    }
  }

  /** What the daemon's own code says of the same bytes, in the order of the page. */
  async function daemonReads(bytes: Uint8Array, trust = TRUST) {
    const { verdict, findings } = await auditBytes(bytes, { trust: parseTrustClaim(trust) })
    const order = ['false', 'missing', 'note'] as const
    const sorted = order.flatMap(weight => findings.filter(finding => finding.verdict === weight))
    return {
      headline: {
        proved: 'Everything in this file is proved.',
        false: 'Something in this file is false.',
        missing: 'This cannot be decided: something is missing.',
      }[verdict],
      counts: order.map(weight => findings.filter(finding => finding.verdict === weight).length),
      findings: sorted.map(({ sentence }) => sentence),
      codes: sorted.map(({ code }) => code),
    }
  }

  const sound = fileOf(soundExport)
  const other = changeEntry(RUN.plain, 4, ({ signature }) => ({ signature: turned(signature, 20) }))
  const cases: readonly [title: string, bytes: Uint8Array, trust?: string][] = [
    ['a sound export', sound],
    ['a sound export, told of an earlier version', sound, trustStringOf(first)],
    ['a sound export, told of another registry', sound, OTHER_TRUST],
    ['a bit in a signature', fileOf(other(soundExport))],
    [
      'a bit in a header',
      fileOf(changeEntry(RUN.closed, 2, ({ headerBytes }) => ({ headerBytes: turned(headerBytes, 40) }))(soundExport)),
    ],
    ['a bit in a body', fileOf(changeEnvelope(RUN.plain, 5, bytes => turned(bytes, bytes.length - 1))(soundExport))],
    ['an entry left out', fileOf(changeEnvelopes(RUN.closed, all => all.toSpliced(4, 1))(soundExport))],
    ['an entry twice', fileOf(changeEnvelopes(RUN.plain, all => all.toSpliced(3, 0, all[2]!))(soundExport))],
    [
      'two entries swapped',
      fileOf(changeEnvelopes(RUN.plain, all => all.toSpliced(3, 2, all[4]!, all[3]!))(soundExport)),
    ],
    ['a log without its end', fileOf(changeEnvelopes(RUN.plain, all => all.slice(0, 6))(soundExport))],
    ['a registry version left out', fileOf({ ...soundExport, documents: soundExport.documents.toSpliced(1, 1) })],
    ['a file that is cut off', sound.subarray(0, sound.length - 50)],
    ['a bit anywhere in the file', turned(sound, sound.length >> 1)],
    ['no checkpoints', fileOf({ ...soundExport, evidence: [] })],
  ]

  it.each(cases)('reads of %s what the daemon finds', async (_title, bytes, trust) => {
    expect(await reads(bytes, trust)).toEqual(await daemonReads(bytes, trust))
  })

  it('reads of a proof what it rests on, and of a spoiled one that it is false', async () => {
    const bytes = encodeProofFile(proofOf(plain, 2, [4, 9], soundExport.evidence.slice(3)))
    expect((await reads(bytes)).headline).toBe('This entry is proved.')
    expect(await page.locator('.facts').textContent()).toContain(Buffer.from(plain.signer.publicKey).toString('hex'))
    expect(await page.locator('.statements').textContent()).toContain('It is held by AAA, CCC and DDD')
    const spoiled = await reads(turned(bytes, bytes.length - 200))
    expect([spoiled.headline, spoiled.codes]).toEqual(['This proof is false.', ['audit-file-altered']])
    expect((await reads(bytes, OTHER_TRUST)).headline).toBe('This proof is false.')
  })

  it('has cases of every verdict', async () => {
    const headlines = await Promise.all(cases.map(([, bytes, trust]) => daemonReads(bytes, trust)))
    expect(new Set(headlines.map(({ headline }) => headline)).size).toBe(3)
  })

  it('is told of a file that is none of Tocsin', async () => {
    const { headline } = await reads(new TextEncoder().encode('hello'))
    expect(headline).toBe('This file could not be checked')
    expect(await page.locator('.refused').textContent()).toContain('tocsin audit export')
  })

  it('is told of words that cannot be any, before anything is checked', async () => {
    await page.fill('#trust', 'seven words')
    expect(await page.locator('#trust').getAttribute('aria-invalid')).toBe('true')
    expect(await page.locator('#trust-hint').textContent()).toContain('Not understood')
    await page.fill('#trust', '')
    expect(await page.locator('#trust').getAttribute('aria-invalid')).toBeNull()
  })

  it('drops a file on the page', async () => {
    await page.fill('#trust', TRUST)
    await page.evaluate(CLEAR)
    const dataTransfer = await page.evaluateHandle(`(() => {
      const data = new DataTransfer()
      const bytes = Uint8Array.from(atob('${Buffer.from(sound).toString('base64')}'), char => char.charCodeAt(0))
      data.items.add(new File([bytes], 'dropped'))
      return data
    })()`)
    await page.dispatchEvent('body', 'drop', { dataTransfer })
    await page.waitForSelector('#headline')
    expect(await page.locator('.file').textContent()).toBe('dropped')
    expect((await readVerdict()).headline).toBe('Everything in this file is proved.')
    expect(await page.evaluate(FOCUSED)).toBe('headline')
  })

  it('goes from a finding to its entry in the log, and on by number with the keyboard', async () => {
    await reads(fileOf(other(soundExport)))
    await page.locator('.finding button').first().click()
    const bad = page.locator('.row', { has: page.locator('.state.bad') })
    await bad.waitFor()
    expect(await bad.locator('span').first().textContent()).toBe('4')
    await page.locator('#seq').focus()
    await page.keyboard.type('7')
    await page.keyboard.press('Enter')
    const leaf = Buffer.from(plain.entries[7]!.leaf).toString('hex')
    await page.locator('.hash', { hasText: leaf }).waitFor()
    await page.locator('.scroller:focus').waitFor()
  })

  it('sees who held how much, and when', async () => {
    await reads(sound)
    await page.locator('#log').selectOption({ index: 2 })
    expect(await page.locator('.receipt-list li').allTextContents()).toEqual([
      expect.stringMatching(/^AAAheld 9 entries on 20/),
      expect.stringMatching(/^CCCheld 9 entries on 20/),
      expect.stringMatching(/^DDDheld 9 entries on 20/),
    ])
    expect(await page.locator('.nation h3').allTextContents()).toEqual(
      ['AAA', 'BBB', 'CCC', 'DDD'].map(id => `${id}Nation ${id}`),
    )
  })

  it('lets nothing out, and cannot', async () => {
    const reached = requests.filter(url => !url.startsWith('file:') && !url.startsWith('blob:'))
    expect(reached).toEqual([])
    expect(complaints).toEqual([])
    const answer = await page.evaluate(`(async () => {
      const refused = new Promise(resolve =>
        document.addEventListener('securitypolicyviolation', event => resolve(event.effectiveDirective)))
      const fetched = await fetch('http://192.0.2.1/').then(() => 'fetched', () => 'refused')
      return [fetched, await refused]
    })()`)
    expect(answer).toEqual(['refused', 'connect-src'])
  })
})
