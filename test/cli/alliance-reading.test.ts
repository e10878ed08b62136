import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import decodeQR from 'qr/decode.js'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { openControlServer } from '../../src/api/control-server.ts'
import { toBase64 } from '../../src/base/bytes.ts'
import { silentLogger } from '../../src/base/ports.ts'
import { drawTrust } from '../../src/cli/terminal/qr-code.ts'
import { parseProposalFile } from '../../src/node/ceremonies/proposal-file.ts'
import { parseAllianceFile } from '../../src/node/home/alliance-file.ts'
import { openAlliance } from '../../src/node/home/founding-alliance.ts'
import { addDocuments } from '../../src/registry/add-document.ts'
import { DAY_MS, docHashHex } from '../../src/registry/doc-fields.ts'
import { openDirectory } from '../../src/registry/open-directory.ts'
import { parseRegistryDoc } from '../../src/registry/registry-doc.ts'
import { encodeSignedDoc, parseSignedDoc, signDoc } from '../../src/registry/signed-doc.ts'
import { encodeTrust, fingerprint, trustOf, trustWords } from '../../src/registry/trust-string.ts'
import { type CliRun, runCli } from '../support/cli.ts'
import { temporaryDirectory } from '../support/nation-homes.ts'
import { type WithDocument, writeAlliance, writeHome } from '../support/registry-files.ts'
import {
  entry,
  firstNation,
  foundRegistry,
  nextNation,
  nextRegistry,
  rootSigner,
  type SignedRegistry,
  signNation,
  signRegistry,
} from '../support/registry-world.ts'
import { createTestNode } from '../support/test-node.ts'

/** The commands that only read documents, as they are typed. */

const issuedMs = Date.now() - 10 * DAY_MS
const founded = foundRegistry({ issuedMs, expiresMs: issuedMs + 300 * DAY_MS })
const { allianceId } = founded
const period = { issuedMs, expiresMs: issuedMs + 300 * DAY_MS }
const aaa = signNation(firstNation(allianceId, 'AAA', period))
const bbb = signNation(firstNation(allianceId, 'BBB', { ...period, issuedMs: issuedMs + 1, nodes: [] }))
const nations = [entry('AAA'), entry('BBB'), entry('CCC')]
const second = signRegistry(nextRegistry(founded, { nations }), ['recovery AAA', 'gov BBB'])
const left = signRegistry(nextRegistry(second, { nations: nations.slice(0, 2) }), ['gov AAA', 'gov BBB'])
const right = signRegistry(nextRegistry(second, { name: 'Right' }), ['gov AAA', 'gov CCC'])
const twins = [1, 2].map(days => signNation(nextNation(bbb, { issuedMs: issuedMs + days * DAY_MS })))

const whole: readonly WithDocument[] = [founded, second, aaa, bbb]
const split: readonly WithDocument[] = [...whole, left, right]

const directory = await temporaryDirectory()
afterAll(() => directory[Symbol.asyncDispose]())
let work: string
let count = 0

beforeEach(() => {
  work = join(directory.path, String(count++))
  mkdirSync(work)
})

function at(...path: string[]): string {
  return join(work, ...path)
}

function run(...args: string[]): Promise<CliRun> {
  return runCli(['alliance', ...args], { cwd: work, env: { TOCSIN_HOME: at('home') } })
}

async function expectOk(running: Promise<CliRun>): Promise<CliRun> {
  const ran = await running
  expect(ran, ran.stderr).toMatchObject({ status: 0 })
  return ran
}

async function expectRefusal(running: Promise<CliRun>, code: string, status: number): Promise<string> {
  const ran = await running
  expect(ran.stderr).toContain(`error ${code}: `)
  expect(ran).toMatchObject({ status, stdout: '' })
  return ran.stderr
}

function docOf({ signed }: SignedRegistry) {
  return parseRegistryDoc(signed)
}

function hashOf({ signed }: WithDocument): string {
  return docHashHex(signed.hash)
}

describe('alliance log', () => {
  test('tells of a file without a home who changed what, and who signed', async () => {
    writeAlliance(at('split.tocsin'), split)
    const { stdout } = await expectOk(run('log', 'split.tocsin'))
    const heads = stdout.split('\n').filter(line => /^\d{4}-/.test(line))
    expect(heads.map(head => head.replace(/^\S+ \S+ UTC {2}/, '').replace(/ {2}[0-9a-f]{16}…/, ''))).toEqual([
      'registry version 1',
      'document 1 of AAA  in force',
      'document 1 of BBB  in force',
      'registry version 2  in force',
      ...Array(2).fill(
        'registry version 3  NOT IN FORCE: several contradict each other, see "tocsin alliance resolve"',
      ),
    ])
    expect(stdout).toContain('signed by AAA (recovery key 3ec810f1fd81fbde…) and BBB (primary key c83de7738d510bcd…)')
    expect(stdout).toContain('ATTENTION: CCC is left out, which expels it.')
  })

  test('tells of the alliance of the home, of one nation alone, as data', async () => {
    writeHome(at('home'), whole)
    const { stdout } = await expectOk(run('log', '--nation', 'CCC', '-o', 'json'))
    expect(JSON.parse(stdout)).toMatchObject([
      { document: 'registry', version: 1, standing: 'past' },
      { document: 'registry', version: 2, hash: hashOf(second), standing: 'current' },
    ])
  })

  test('refuses a nation that no document names, a file that is none, and a home without an alliance', async () => {
    writeAlliance(at('whole.tocsin'), whole)
    await expectRefusal(run('log', 'whole.tocsin', '--nation', 'ZZZ'), 'registry-not-member', 77)
    await expectRefusal(run('log', 'absent.tocsin'), 'file-unreadable', 64)
    await expectRefusal(run('log'), 'registry-missing', 64)
  })
})

describe('alliance verify', () => {
  test('says what is proved, and alarms of a SPLIT with who signed both', async () => {
    writeAlliance(at('split.tocsin'), [...split, ...twins])
    const { stderr } = await expectOk(run('verify', 'split.tocsin', '--trust', fingerprint(trustOf(docOf(second)))))
    expect(stderr).toContain('each of the registry versions 1 to 2 is signed by a threshold')
    expect(stderr).toContain('4 documents of 2 nations are signed by the root keys')
    expect(stderr).toContain('ALARM: 2 registries of version 3 are here')
    expect(stderr).toContain('AAA signed more than one. Version 2 stays in force.')
    expect(stderr).toContain('ALARM: BBB signed 2 documents of version 2, and stays at version 1')
    expect(stderr).toContain('Version 2 is the one that you named.')
  })

  test('follows the branch of a SPLIT that was confirmed', async () => {
    writeAlliance(at('split.tocsin'), split)
    const trust = trustOf(docOf(right))
    for (const claim of [fingerprint(trust), trustWords(trust).join(' '), encodeTrust(trust)]) {
      const { stdout, stderr } = await expectOk(run('verify', 'split.tocsin', '--trust', claim, '-o', 'json'))
      expect(JSON.parse(stdout)).toMatchObject({ name: 'Right', version: 3, split: null, alarms: [] })
      expect(stderr).toContain('Version 3 is the one that you named.')
      expect(stderr).toContain('1 registry document of branches that are not in force')
    }
  })

  test('names every document that is refused or waits, and prints nothing else', async () => {
    const forged = signRegistry(nextRegistry(second), ['gov AAA'])
    writeAlliance(at('forged.tocsin'), [...whole, forged, twins[0]!])
    const refused = await run('verify', 'forged.tocsin')
    expect(refused).toMatchObject({ status: 1, stdout: '' })
    expect(refused.stderr).toContain(`error doc-threshold: the registry document ${hashOf(forged).slice(0, 16)}…`)

    writeAlliance(at('holes.tocsin'), [founded, left, twins[0]!])
    const waiting = await run('verify', 'holes.tocsin')
    expect(waiting).toMatchObject({ status: 2, stdout: '' })
    expect(waiting.stderr).toContain(`the registry document ${hashOf(left).slice(0, 16)}… waits`)
    expect(waiting.stderr).toContain(`the nation document ${hashOf(twins[0]!).slice(0, 16)}… waits`)
  })

  test('tells of an expiry', async () => {
    const old = foundRegistry({ issuedMs: issuedMs - 350 * DAY_MS, expiresMs: issuedMs - 50 * DAY_MS })
    writeAlliance(at('old.tocsin'), [old])
    const { stdout, stderr } = await expectOk(run('verify', 'old.tocsin', '-o', 'json'))
    expect(stderr).toContain('ALARM: The registry expired 60 days ago: nobody publishes under it.')
    expect(JSON.parse(stdout).daysLeft).toBe(-61)
  })
})

describe('alliance show', () => {
  test('draws the trust string as a QR code of 45 by 23 characters that a reader takes', async () => {
    writeHome(at('home'), whole)
    const { stdout } = await expectOk(run('show', '--qr'))
    const trust = encodeTrust(trustOf(docOf(second)))
    const lines = stdout.split('\n').filter(line => /^[█▀▄ ]{45}$/.test(line))
    expect(lines).toHaveLength(23)
    // Off a terminal, drawn is light.
    expect(readQr(lines, false)).toBe(trust.toUpperCase())
    expect((await expectOk(run('show'))).stdout).not.toContain('▀')
  })

  test('draws black on white on a terminal, whatever its colours are', () => {
    const trust = encodeTrust(trustOf(docOf(second)))
    const lines = drawTrust(trust, true).split('\n').slice(0, -1)
    const [before, after] = ['\u001b[38;5;16;48;5;231m', '\u001b[0m']
    expect(lines.every(line => line.startsWith(before) && line.endsWith(after))).toBe(true)
    const drawn = lines.map(line => line.slice(before.length, -after.length))
    expect(readQr(drawn, true)).toBe(trust.toUpperCase())
  })

  test('names what is to be watched, in data too', async () => {
    writeHome(at('home'), [...split, ...twins])
    const { stdout, stderr } = await expectOk(run('show', '-o', 'json'))
    expect(JSON.parse(stdout)).toMatchObject({
      version: 2,
      fingerprint: fingerprint(trustOf(docOf(second))),
      daysLeft: 355,
      split: { version: 3, signersOfBoth: ['AAA'] },
      nations: [
        { nation: 'AAA', documentVersion: 1, documentDaysLeft: 289, siblings: [] },
        { nation: 'BBB', documentVersion: 1, siblings: expect.arrayContaining(twins.map(hashOf)) },
        { nation: 'CCC', documentVersion: 0, documentDaysLeft: 0 },
      ],
    })
    expect(stderr.match(/^ALARM: /gm)).toHaveLength(2)
  })

  test('refuses a QR code in data', async () => {
    writeHome(at('home'), whole)
    await expectRefusal(run('show', '--qr', '-o', 'json'), 'usage-invalid', 64)
  })

  test('shows what the running daemon has in force, which may be pinned by age', async () => {
    writeHome(at('home'), split)
    const trust = encodeTrust(trustOf(docOf(left)))
    await using _daemon = await openDaemon(trust)
    const { stdout } = await expectOk(run('show', '-o', 'json'))
    expect(JSON.parse(stdout)).toMatchObject({ version: 3, trust, split: null })
  })
})

/** A daemon of the home that has the registry of `trust` in force, and notes what it is asked to pin. */
async function openDaemon(trust: string, pinned: string[] = []): Promise<AsyncDisposable> {
  const node = createTestNode()
  const service = {
    ...node,
    documents: () => split.map(({ signed }) => toBase64(encodeSignedDoc(signed))),
    registry: () => ({ ...node.registry(), trust }),
    pin: async (text: string) => void pinned.push(text),
  }
  const socketPath = at('home', 'control.sock')
  return openControlServer(service, { socketPath, metricsListen: '', logger: silentLogger })
}

/** The lines as an image, as a camera sees them. */
function readQr(lines: readonly string[], isDrawnDark: boolean): string {
  const scale = 8
  const rows = lines.flatMap(line => {
    const upper = [...line].map(char => ('█▀'.includes(char) ? isDrawnDark : !isDrawnDark))
    const lower = [...line].map(char => ('█▄'.includes(char) ? isDrawnDark : !isDrawnDark))
    return [upper, lower]
  })
  const width = rows[0]!.length * scale
  const height = rows.length * scale
  const data = new Uint8Array(width * height * 4).fill(255)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isDark = rows[Math.floor(y / scale)]![Math.floor(x / scale)]!
      data.fill(isDark ? 0 : 255, (y * width + x) * 4, (y * width + x) * 4 + 3)
    }
  }
  return decodeQR({ width, height, data })
}

describe('alliance invite', () => {
  test('writes every document, and says what to read by telephone', async () => {
    writeHome(at('home'), split)
    const { stderr } = await expectOk(run('invite', 'CCC'))
    const { documents } = parseAllianceFile(readFileSync(at('test-alliance-ccc.invite')), 'invite')
    expect(documents.map(bytes => docHashHex(parseSignedDoc(bytes).hash)).sort()).toEqual(split.map(hashOf).sort())
    expect(stderr).toContain(`Read this to CCC by telephone: ${fingerprint(trustOf(docOf(second)))}`)
    await expectRefusal(run('invite', 'CCC'), 'file-exists', 64)
  })

  test('refuses a nation that is not admitted, and an alliance whose other nodes have no address', async () => {
    writeHome(at('home'), whole)
    await expectRefusal(run('invite', 'DDD', '-O', 'x.invite'), 'registry-not-member', 77)
    await expectRefusal(run('invite', 'AAA', '-O', 'x.invite'), 'invite-unreachable', 69)
    expect(existsSync(at('x.invite'))).toBe(false)
  })
})

describe('alliance resolve', () => {
  test('says that nothing contradicts itself', async () => {
    writeHome(at('home'), whole)
    const { stdout, stderr } = await expectOk(run('resolve'))
    expect(stdout).toBe('')
    expect(stderr).toContain('Nothing contradicts itself: registry version 2 is in force')
  })

  test('shows each branch with what it changes, who signed both, what stands still, and the ways out', async () => {
    writeHome(at('home'), split)
    const { status, stdout } = await run('resolve')
    expect(status).toBe(1)
    expect(stdout).toContain('each signed by a threshold of governors. AAA signed more than one.')
    expect(stdout).toContain('signed by AAA and BBB; of these only this one: BBB')
    expect(stdout).toContain('signed by AAA and CCC; of these only this one: CCC')
    expect(stdout).toContain('ATTENTION: CCC is left out, which expels it.')
    expect(stdout).toContain('The alliance "Test Alliance" is renamed to "Right".')
    expect(stdout).toContain('to those whom any branch excludes nothing is sealed: CCC.')
    expect(stdout).toContain('tocsin alliance resolve --choose HASH --without AAA')
  })

  test('shows a nation that signed two documents, and what ends it', async () => {
    writeHome(at('home'), [...whole, ...twins])
    const ran = await run('resolve', '-o', 'json')
    expect(ran.status).toBe(1)
    expect(JSON.parse(ran.stdout)).toMatchObject({
      split: null,
      nations: [{ nation: 'BBB', version: 1, siblings: [{}, {}] }],
    })
    expect((await run('resolve')).stdout).toContain('tocsin alliance propose pin BBB HASH')
  })

  test('--choose makes the proposal that ends the SPLIT everywhere, without the governor who signed both', async () => {
    writeHome(at('home'), split)
    const { stderr } = await expectOk(
      run('resolve', '--choose', hashOf(left).slice(0, 12), '--without', 'AAA', '-O', 'end.proposal'),
    )
    expect(stderr).toContain('ATTENTION: AAA governs no longer')
    const { docBytes, type, base } = parseProposalFile(readFileSync(at('end.proposal')), 'end.proposal')
    const next = signDoc(type, allianceId, docBytes, [rootSigner('gov BBB'), rootSigner('gov CCC')])
    const { evidence } = openAlliance(base)
    const after = openDirectory(addDocuments(evidence, [next]), [])!
    expect(after.split).toBeUndefined()
    expect(after.chain.map(({ hash }) => hash)).toEqual([founded, second, left, { signed: next }].map(hashOf))
    expect(after.registry.governors.map(({ nation }) => nation)).toEqual(['BBB', 'CCC'])
  })

  test('--choose refuses where there is no SPLIT, no such branch, or more than one is continued already', async () => {
    writeHome(at('home'), split)
    await expectRefusal(run('resolve', '--choose', 'deadbeef00'), 'pin-unknown', 75)
    await expectRefusal(run('resolve', '--choose', hashOf(second)), 'pin-unknown', 75)
    await expectRefusal(run('resolve', '--without', 'AAA'), 'usage-invalid', 64)
    writeAlliance(at('home/alliance.tocsin'), whole)
    await expectRefusal(run('resolve', '--choose', hashOf(second)), 'change-void', 69)
    const both = [left, right].map(branch => signRegistry(nextRegistry(branch), ['gov AAA', 'gov BBB']))
    writeAlliance(at('home/alliance.tocsin'), [...split, ...both])
    await expectRefusal(run('resolve', '--choose', hashOf(left)), 'split-continued', 69)
    expect((await run('resolve')).stdout).toContain('every operator has to pin')
  })

  test('--pin is taken by the running daemon at once, which keeps it', async () => {
    writeHome(at('home'), split)
    const pinned: string[] = []
    await using _daemon = await openDaemon(encodeTrust(trustOf(docOf(second))), pinned)
    const { stderr } = await expectOk(run('resolve', '--pin', hashOf(right), '--yes'))
    expect(stderr).toContain('The running daemon follows it.')
    expect(pinned).toEqual([encodeTrust(trustOf(docOf(right)))])
  })

  test('--pin follows one branch here, once it has been confirmed', async () => {
    writeHome(at('home'), split)
    await expectRefusal(run('resolve', '--pin', hashOf(left)), 'confirmation-missing', 64)
    expect(existsSync(at('home/trust'))).toBe(false)
    const { stdout, stderr } = await expectOk(run('resolve', '--pin', hashOf(left), '--yes', '-o', 'json'))
    expect(stderr).toContain('this node follows only registries that contain it')
    expect(JSON.parse(stdout)).toMatchObject({ version: 3, split: null })
    expect(readFileSync(at('home/trust'), 'utf8')).toBe(`${encodeTrust(trustOf(docOf(left)))}\n`)
    expect((await expectOk(run('resolve'))).stderr).toContain('registry version 3 is in force')

    writeAlliance(at('home/alliance.tocsin'), [...split, signRegistry(nextRegistry(right), ['gov AAA', 'gov CCC'])])
    const excluded = await run('resolve')
    expect(excluded.status).toBe(1)
    expect(excluded.stdout).toMatch(/^PINNED OUT: registry version 4, .*\n.*version 3 stays in force at this node/)
    expect(excluded.stdout).toMatch(/tocsin alliance resolve --pin [0-9a-f]{16}\n/)

    const other = await expectOk(run('resolve', '--pin', fingerprint(trustOf(docOf(right))), '--yes'))
    expect(other.stderr).toContain('ATTENTION: this takes back the pin of version 3')
    await expectRefusal(run('resolve', '--pin', 'aaaa-bbbb-cccc-dddd-eeee-ffff'), 'registry-fingerprint-mismatch', 65)
    await expectRefusal(run('resolve', '--pin', 'left'), 'trust-string-malformed', 64)
  })
})
