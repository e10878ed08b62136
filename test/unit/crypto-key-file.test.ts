import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { describe, expect, it } from 'vitest'
import { concat, fromUtf8, utf8 } from '../../src/base/bytes.ts'
import { TocsinError } from '../../src/base/errors.ts'
import { parseHash, parseNationId } from '../../src/base/ids.ts'
import { decryptKeyFile, encodeRootSecrets, encryptKeyFile, type RootSecrets } from '../../src/crypto/key-file.ts'
import {
  assertSecretMode,
  encodeKemKeys,
  encodeNodeKeys,
  KEM_SECRETS_MAX,
  type NodeKeys,
  parseKemKeys,
  parseNodeKeys,
} from '../../src/crypto/node-key-file.ts'

import { scryptLogNOf } from '../../src/crypto/passphrase-file.ts'

const coded = (code: string) => expect.objectContaining({ code })
const seed = (byte: number) => new Uint8Array(32).fill(byte)
/** Far below what protects anything, so that the tests are quick. */
const weak = { scryptLogN: 10 }

const secrets: RootSecrets = {
  kind: 'governor',
  nation: parseNationId('DEU'),
  alliance: 'Exercise alliance',
  createdMs: Date.UTC(2026, 10, 21, 12),
  comment: 'recovery, in the safe',
  ed25519Seed: seed(1),
  mldsa65Seed: seed(2),
  signed: [
    { state: 'abandoned', type: 'registry', version: 2, docHash: parseHash(seed(3)) },
    { state: 'signed', type: 'registry', version: 2, docHash: parseHash(seed(4)) },
  ],
}

describe('R-1.11: a root key file', () => {
  it('opens with its passphrase and is armoured text until then', async () => {
    const file = await encryptKeyFile('correct horse', secrets, weak)
    expect(fromUtf8(file)).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n/)
    expect(await decryptKeyFile('correct horse', file)).toEqual(secrets)
  })

  it('opens with any implementation of age, to text that people can read', async () => {
    const file = await encryptKeyFile('correct horse', { ...secrets, comment: '' }, weak)
    const age = new Decrypter()
    age.addPassphrase('correct horse')
    const text = await age.decrypt(armor.decode(fromUtf8(file)), 'text')
    expect(text.split('\n').slice(0, 7)).toEqual([
      'format: tocsin-root-key/1',
      'kind: governor',
      'nation: DEU',
      'alliance: Exercise alliance',
      'created: 2026-11-21T12:00:00.000Z',
      'comment: ',
      `ed25519-seed: ${'01'.repeat(32)}`,
    ])
  })

  it('tells the work factor with which it was written, so that it can keep it', async () => {
    const file = await encryptKeyFile('correct horse', secrets, { scryptLogN: 11 })
    expect(scryptLogNOf(file)).toBe(11)
    expect(scryptLogNOf(armor.decode(fromUtf8(file)))).toBe(11)
    expect(scryptLogNOf(utf8('no file of age'))).toBe(18)
  })

  it('opens as another tool wrote it: binary, edited, with remarks and cut spaces', async () => {
    const text = fromUtf8(encodeRootSecrets({ ...secrets, comment: '' })).replace(
      'comment: \n',
      '# by hand\r\n\ncomment:\n',
    )
    const age = new Encrypter()
    age.setPassphrase('correct horse')
    age.setScryptWorkFactor(weak.scryptLogN)
    expect(await decryptKeyFile('correct horse', await age.encrypt(text))).toEqual({ ...secrets, comment: '' })
  })

  it('tells a wrong passphrase from a damaged file', async () => {
    const file = await encryptKeyFile('correct horse', secrets, weak)
    await expect(decryptKeyFile('battery staple', file)).rejects.toThrow(coded('passphrase-wrong'))
    const binary = armor.decode(fromUtf8(file))
    const damaged = [
      file.subarray(0, 100),
      file.subarray(0, file.length - 40),
      binary.with(binary.length - 1, binary.at(-1)! ^ 1),
      binary.subarray(0, binary.length - 1),
      utf8('format: tocsin-root-key/1\n'),
      new Uint8Array(0),
      new Uint8Array(2_000_000),
    ]
    for (const bytes of damaged) {
      await expect(decryptKeyFile('correct horse', bytes)).rejects.toThrow(coded('key-file-malformed'))
    }
  })

  it('says so where the file is encrypted to a key and not with a passphrase', async () => {
    const age = new Encrypter()
    age.addRecipient(await identityToRecipient(await generateX25519Identity()))
    const file = await age.encrypt(encodeRootSecrets(secrets))
    await expect(decryptKeyFile('correct horse', file)).rejects.toThrow(coded('key-file-malformed'))
  })

  it('takes no empty passphrase', async () => {
    await expect(encryptKeyFile('', secrets, weak)).rejects.toThrow(coded('passphrase-wrong'))
    await expect(decryptKeyFile('', new Uint8Array(0))).rejects.toThrow(coded('passphrase-wrong'))
  })

  const seal = async (text: string) => {
    const age = new Encrypter()
    age.setPassphrase('p')
    age.setScryptWorkFactor(2)
    return age.encrypt(text)
  }
  const good = fromUtf8(encodeRootSecrets(secrets))
  it.each([
    ['an unknown field', `${good}more: 1\n`],
    ['a field twice', `${good}nation: FRA\n`],
    ['a missing field', good.replace(/^mldsa65.*\n/m, '')],
    ['another format', good.replace('root-key/1', 'root-key/2')],
    ['another kind', good.replace('kind: governor', 'kind: emperor')],
    ['no nation', good.replace('nation: DEU', 'nation: deu')],
    ['a seed in capitals', good.replace(`${'01'.repeat(32)}`, 'AB'.repeat(32))],
    ['a short seed', good.replace(`${'01'.repeat(32)}`, '01'.repeat(31))],
    ['a time of the local kind', good.replace('T12:00:00.000Z', ' 12:00')],
    ['a record of version 0', good.replace('registry 2', 'registry 0')],
    ['a line of another form', `${good}just text\n`],
    ['too long a comment', good.replace('recovery', 'r'.repeat(600))],
    ['too many lines', `${good}${'#\n'.repeat(3000)}`],
  ])('is malformed with %s, and the message shows no secret', async (_fault, text) => {
    const error = await decryptKeyFile('p', await seal(text)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(TocsinError)
    expect((error as TocsinError).code).toBe('key-file-malformed')
    expect((error as TocsinError).message).not.toMatch(/0101|ABAB|0202/)
  })

  it('is not written with a comment that would be two lines', () => {
    expect(() => encodeRootSecrets({ ...secrets, comment: 'a\nkind: root' })).toThrow(coded('key-file-malformed'))
    expect(() => encodeRootSecrets({ ...secrets, ed25519Seed: seed(1).subarray(1) })).toThrow(
      coded('key-file-malformed'),
    )
  })
})

describe('R-5.9: the key file of a node', () => {
  const edge: NodeKeys = { nation: parseNationId('DEU'), createdMs: secrets.createdMs, peerSeed: seed(5) }
  const inner: NodeKeys = { ...edge, inner: { signSeed: seed(6), witnessSeed: seed(7), mldsa44Seed: seed(8) } }

  it('holds a peer key alone at an edge, and four keys inside', () => {
    expect(parseNodeKeys(encodeNodeKeys(edge))).toEqual(edge)
    expect(parseNodeKeys(encodeNodeKeys(inner))).toEqual(inner)
    expect(fromUtf8(encodeNodeKeys(edge))).not.toContain('sign')
  })

  it('is malformed with some of the inner keys only', () => {
    const text = fromUtf8(encodeNodeKeys(inner)).replace(/^witness.*\n/m, '')
    expect(() => parseNodeKeys(utf8(text))).toThrow(coded('key-file-malformed'))
  })

  it('is malformed as a KEM file, or where it is not text', () => {
    expect(() => parseKemKeys(encodeNodeKeys(edge))).toThrow(coded('key-file-malformed'))
    expect(() => parseNodeKeys(concat(encodeNodeKeys(edge), Uint8Array.of(0xff)))).toThrow(coded('key-file-malformed'))
    expect(() => parseNodeKeys(new Uint8Array(300_000))).toThrow(coded('key-file-malformed'))
  })
})

describe('R-3.7: the KEM key file', () => {
  const nation = parseNationId('DEU')
  const month = (index: number) => Date.UTC(2026, index)
  const keys = [0, 1, 2].map(index => ({ seed: seed(index), fromMs: month(index), untilMs: month(index + 1) }))

  it('holds seeds with their windows', () => {
    expect(parseKemKeys(encodeKemKeys(nation, keys))).toEqual({ nation, keys })
    expect(parseKemKeys(encodeKemKeys(nation, []))).toEqual({ nation, keys: [] })
  })

  it('is malformed with an empty window, another order, or more keys than any node has', () => {
    const text = fromUtf8(encodeKemKeys(nation, keys.slice(0, 1)))
    const [, from, until, hex] = /kem: (\S+) (\S+) (\S+)/.exec(text)!
    const malformed = [
      text.replace(`${from} ${until}`, `${until} ${from}`),
      text.replace(`${from} ${until} ${hex}`, `${hex} ${from} ${until}`),
      text.replace(`${hex}`, `${hex} more`),
      text + `kem: ${from} ${until} ${hex}\n`.repeat(KEM_SECRETS_MAX),
    ]
    for (const other of malformed) expect(() => parseKemKeys(utf8(other))).toThrow(coded('key-file-malformed'))
  })
})

describe('the mode of a secret file', () => {
  it.each([0o100600, 0o100400, 0o600])('may be %o', mode => {
    expect(() => assertSecretMode(mode, 'keys/node')).not.toThrow()
  })

  it.each([0o100640, 0o100604, 0o100660, 0o100601, 0o100777])('may not be %o', mode => {
    expect(() => assertSecretMode(mode, 'keys/node')).toThrow(
      expect.objectContaining({ code: 'key-file-permissions', fix: 'Run: chmod 600 keys/node' }),
    )
  })
})
