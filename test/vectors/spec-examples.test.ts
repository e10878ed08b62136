import { createDecipheriv, createHash, createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ed25519 } from '@noble/curves/ed25519.js'
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js'
import { describe, expect, it } from 'vitest'
import { fillReadme, specExamples } from '../../scripts/spec/readme.ts'

/** The examples computed once more by small code that follows the words of the specification and takes nothing of src. */

const specification = readFileSync(join(import.meta.dirname, '../../proto/README.md'), 'utf8')
const examples = new Map(specExamples().map(({ name, parts }) => [name, parts]))

function bytes(example: string, label: string): Buffer {
  const value = examples.get(example)?.[label]
  if (value === undefined || typeof value === 'string') throw new Error(`no bytes ${label} in ${example}`)
  return Buffer.from(value)
}

function text(example: string, label: string): string {
  const value = examples.get(example)?.[label]
  if (typeof value !== 'string') throw new Error(`no text ${label} in ${example}`)
  return value
}

const ascii = (value: string) => Buffer.from(value, 'latin1')
const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest()
const hmac = (key: Uint8Array, ...parts: Uint8Array[]) =>
  createHmac('sha256', key).update(Buffer.concat(parts)).digest()
/** The first block of HKDF-Expand, which is all of 32 bytes. */
const expand32 = (secret: Uint8Array, ...info: Uint8Array[]) => hmac(secret, ...info, Buffer.of(1))
const seed = (name: string) => sha256(ascii(`tocsin spec ${name}`))

function u64(value: number): Buffer {
  const out = Buffer.alloc(8)
  out.writeBigUInt64BE(BigInt(value))
  return out
}

/** Field numbers to values of a protobuf message of varints and bytes. */
function fieldsOf(message: Uint8Array): Map<number, number | Buffer> {
  const fields = new Map<number, number | Buffer>()
  let at = 0
  const varint = () => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < message.length) {
    const tag = varint()
    const value = varint()
    const end = tag % 8 === 0 ? at : at + value
    fields.set(tag >> 3, end === at ? value : Buffer.from(message.subarray(at, end)))
    at = end
  }
  return fields
}

const allianceId = bytes('alliance-id', 'alliance_id')
const logId = bytes('log-id', 'log_id')
const KINDS = ['genesis', 'key-grant', 'batch', 'tombstone', 'complaint', 'close']
const leaves = KINDS.map(kind => bytes(`entry-${kind}`, 'leaf'))

function treeHash(list: readonly Buffer[]): Buffer {
  if (list.length === 1) return list[0]!
  let split = 1
  while (split * 2 < list.length) split *= 2
  return sha256(Buffer.of(1), treeHash(list.slice(0, split)), treeHash(list.slice(split)))
}

describe('the specification', () => {
  it('holds the examples and tables that the code gives, byte for byte', () => {
    expect(fillReadme(specification), 'run: node scripts/spec-examples.ts').toBe(specification)
  })

  it('states every rule, and every rule that an error code guards', () => {
    const counts = [5, 12, 13, 8, 5, 9]
    const rules = counts.flatMap((count, chapter) => Array.from({ length: count }, (_, i) => `R-${chapter}.${i + 1}`))
    expect(rules.filter(rule => !new RegExp(`\\*\\*${rule}[* ]`).test(specification))).toEqual([])
    const guarded = [...specification.matchAll(/^\| `[a-z0-9-]+` \| \w+ \| (R-\d\.\d+) \|$/gm)].map(([, rule]) => rule)
    expect(guarded.length).toBeGreaterThan(50)
    expect(guarded.filter(rule => !rules.includes(rule!))).toEqual([])
  })

  it('shows short values whole', () => {
    expect(specification).toContain(`log_id              ${logId.toString('hex')}\n`)
  })
})

describe('registry examples', () => {
  it('derive the alliance id from the first registry document', () => {
    expect(sha256(ascii('tocsin/alliance/v1\0'), bytes('registry-doc', 'doc'))).toEqual(allianceId)
  })

  it.each([
    ['registry-doc', 1, Buffer.alloc(32), 'AAA governor'],
    ['nation-doc', 2, allianceId, 'AAA root'],
  ])('sign %s with both halves', (name, type, alliance, key) => {
    const input = Buffer.concat([ascii('tocsin/doc/v1\0'), Buffer.of(type), alliance, sha256(bytes(name, 'doc'))])
    expect(bytes(name, 'signature input')).toEqual(input)
    const edPk = ed25519.getPublicKey(seed(`${key} ed25519`))
    const { publicKey } = ml_dsa65.keygen(seed(`${key} ml-dsa-65`))
    expect(ed25519.verify(bytes(name, 'ed25519'), input, edPk)).toBe(true)
    expect(ml_dsa65.verify(bytes(name, 'mldsa65'), input, publicKey)).toBe(true)
    expect(bytes(name, 'key_id')).toEqual(sha256(ascii('tocsin/key/v1\0'), edPk, publicKey))
  })

  it('name a KEM key by suite and key', () => {
    const id = sha256(ascii('tocsin/kem/v1\0'), Buffer.of(0, 0, 0, 1), bytes('kem-key-id', 'pk'))
    expect(bytes('kem-key-id', 'key_id')).toEqual(id)
  })

  it('prove the possession of a peer key', () => {
    const identity = sha256(bytes('pop', 'bare NodeKey'))
    const input = Buffer.concat([ascii('tocsin/pop/v1\0'), allianceId, ascii('\x03AAA'), identity])
    expect(ed25519.verify(bytes('pop', 'peer_pop'), input, ed25519.getPublicKey(seed('AAA peer')))).toBe(true)
  })

  it('write the trust string in base32', () => {
    const version = Buffer.of(0, 0, 0, 1)
    const payload = Buffer.concat([allianceId, version, sha256(bytes('registry-doc', 'doc'))])
    const whole = Buffer.concat([payload, sha256(ascii('tocsin/trust/v1\0'), payload).subarray(0, 4)])
    const bits = [...whole].map(byte => byte.toString(2).padStart(8, '0')).join('')
    const digits = bits.match(/.{1,5}/g)!.map(five => Number.parseInt(five.padEnd(5, '0'), 2))
    const written = digits.map(digit => 'abcdefghijklmnopqrstuvwxyz234567'[digit]).join('')
    expect(text('trust', 'string')).toBe(`tocsin1-${written}`)
  })
})

describe('chain examples', () => {
  it('derive the log id from the genesis body', () => {
    expect(sha256(ascii('tocsin/log/v1\0'), allianceId, bytes('entry-genesis', 'body'))).toEqual(logId)
  })

  it('link, hash and sign an entry of each kind', () => {
    const signPk = ed25519.getPublicKey(seed('AAA sign'))
    KINDS.forEach((kind, seq) => {
      const name = `entry-${kind}`
      const [header, signature] = [bytes(name, 'header'), bytes(name, 'signature')]
      const fields = fieldsOf(header)
      expect(fields.get(2)).toEqual(logId)
      expect(fields.get(3) ?? 0).toBe(seq)
      expect(fields.get(4)).toEqual(seq === 0 ? Buffer.alloc(32) : leaves[seq - 1])
      expect(fields.get(10)).toEqual(sha256(bytes(name, 'body')))
      expect(fields.get(11)).toBe(bytes(name, 'body').length)
      const input = Buffer.concat([ascii('tocsin/entry/v1\0'), allianceId, sha256(header)])
      expect(bytes(name, 'signature input')).toEqual(input)
      expect(ed25519.verify(signature, input, signPk)).toBe(true)
      expect(leaves[seq]).toEqual(sha256(Buffer.of(0), header, signature))
    })
  })

  it('give the roots and paths of the tree', () => {
    const range = (from: number, to: number) => treeHash(leaves.slice(from, to))
    for (const size of [2, 3, 6]) expect(bytes('tree', `root of ${size}`)).toEqual(range(0, size))
    expect(bytes('inclusion', 'path of 1 in 3')).toEqual(Buffer.concat([leaves[0]!, leaves[2]!]))
    const consistency = [range(2, 4), range(4, 6)]
    expect(bytes('consistency', 'path from 2 to 6')).toEqual(Buffer.concat(consistency))
    expect(bytes('consistency', 'open path')).toEqual(Buffer.concat([range(0, 2), ...consistency]))
    expect(bytes('subtree', 'path of [4, 6) in 6')).toEqual(range(0, 4))
  })

  it('write a checkpoint and its cosignature to the byte', () => {
    const prefix = `tocsin/${allianceId.toString('hex').slice(0, 16)}`
    const origin = `${prefix}/log/${logId.toString('hex')}`
    const body = `${origin}\n3\n${treeHash(leaves.slice(0, 3)).toString('base64')}\n`
    const line = (name: string, type: number, secret: Uint8Array, signed: string, before: Buffer) => {
      const id = sha256(ascii(`${name}\n`), Buffer.of(type), ed25519.getPublicKey(secret)).subarray(0, 4)
      const signature = ed25519.sign(Buffer.from(signed), secret)
      return `— ${name} ${Buffer.concat([id, before, signature]).toString('base64')}`
    }
    expect(text('checkpoint', 'text')).toBe(body)
    const author = line(origin, 1, seed('AAA sign'), body, Buffer.alloc(0))
    expect(text('checkpoint', 'note')).toBe(`${body}\n${author}\n`)
    const witness = `${prefix}/witness/${Buffer.from(ed25519.getPublicKey(seed('BBB witness'))).toString('hex')}`
    const time = 1_767_225_660
    const cosignature = line(witness, 4, seed('BBB witness'), `cosignature/v1\ntime ${time}\n${body}`, u64(time))
    expect(text('cosignature', 'line')).toBe(cosignature)
  })
})

describe('files for auditors', () => {
  /** Type and body of the AuditParts behind the first line. */
  function partsOf(file: Buffer, opening: string): (readonly [type: number, body: Buffer])[] {
    expect(file.subarray(0, opening.length).toString('latin1')).toBe(opening)
    const parts: (readonly [number, Buffer])[] = []
    for (let at = opening.length; at < file.length; ) {
      const end = at + 4 + file.readUInt32BE(at)
      const fields = fieldsOf(file.subarray(at + 4, end))
      parts.push([fields.get(1) as number, fields.get(2) as Buffer])
      at = end
    }
    return parts
  }

  const [exported, proof] = ['audit-file', 'proof-file'].map(name => bytes(name, 'whole file')) as [Buffer, Buffer]

  it.each([
    [exported, 'tocsin-audit/1\n', [1, 2, 2, 3, 5, 6, 7]],
    [proof, 'tocsin-proof/1\n', [1, 2, 2, 3, 5, 6, 8, 7]],
  ])('hold their parts in order, and end with what there was and its hash', (file, opening, order) => {
    const parts = partsOf(file, opening)
    expect(parts.map(([type]) => type)).toEqual(order)
    const end = parts.at(-1)![1]
    const record = 4 + 2 + 2 + end.length
    expect(fieldsOf(end).get(6)).toEqual(sha256(file.subarray(0, file.length - record)))
    expect([1, 2, 3, 4].map(field => fieldsOf(end).get(field) ?? 0)).toEqual([2, 1, 0, 1])
  })

  it('hold the documents and entries byte for byte', () => {
    const parts = partsOf(exported, 'tocsin-audit/1\n')
    const registry = fieldsOf(parts[1]![1])
    expect(registry.get(2)).toEqual(bytes('registry-doc', 'doc'))
    const envelopes = ['genesis', 'key-grant', 'batch'].map(kind => bytes(`entry-${kind}`, 'Envelope'))
    for (const envelope of envelopes) expect(parts[5]![1].includes(envelope)).toBe(true)
    expect(fieldsOf(parts[4]![1]).get(2)).toEqual(envelopes[0])
  })

  it('lead from the entry of a proof to the root of the checkpoint, with the peaks on the left of the path', () => {
    const parts = partsOf(proof, 'tocsin-proof/1\n')
    const [run, inclusion] = [fieldsOf(parts[4]![1]), parts[6]![1]]
    expect(run.get(3)).toBe(1)
    expect(run.get(5)).toEqual(leaves[0])
    // two hashes, each behind a tag and a length
    const [left, right] = [inclusion.subarray(-66, -34), inclusion.subarray(-32)]
    expect(left).toEqual(run.get(5))
    const node = (a: Uint8Array, b: Uint8Array) => sha256(Buffer.of(1), a, b)
    expect(node(node(left, leaves[1]!), right)).toEqual(bytes('tree', 'root of 3'))
  })
})

describe('sealing examples', () => {
  const secret = seed('epoch secret')
  const epochId = seed('epoch id').subarray(0, 16)

  it('commit to the epoch secret and its audience', () => {
    const commit = expand32(secret, ascii('tocsin/commit/v1\0'), allianceId, logId, epochId)
    expect(bytes('grant-slot', 'commit')).toEqual(commit)
    const audience = hmac(secret, ascii('tocsin/audience/v1\0'), ascii('\x03BBB'))
    expect(bytes('grant-slot', 'audience_hash')).toEqual(audience)
  })

  it('open with the message key, the additional data and the padding of the text', () => {
    const fields = fieldsOf(bytes('entry-batch', 'header'))
    const salt = fields.get(9) as Buffer
    const padded = bytes('sealed-body', 'padded')
    expect(salt).toEqual(hmac(expand32(secret, ascii('tocsin/salt/v1\0')), seed('salt random'), padded))
    const key = expand32(secret, ascii('tocsin/msg/v1\0'), logId, u64(2), salt)
    const aad = Buffer.concat([ascii('tocsin/aad/v1\0'), allianceId, logId, u64(2), epochId, u64(1)])
    const sealed = bytes('entry-batch', 'body')
    const decipher = createDecipheriv('chacha20-poly1305', key, Buffer.alloc(12), { authTagLength: 16 })
    decipher.setAAD(aad, { plaintextLength: sealed.length - 16 })
    decipher.setAuthTag(sealed.subarray(-16))
    const opened = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
    expect(opened).toEqual(padded)
    expect(opened.subarray(4, 4 + opened.readUInt32BE())).toEqual(bytes('claim', 'Batch'))
  })

  it('list every padded size', () => {
    const sizes = new Set<number>()
    for (let length = 512; length <= 63_488; length++) {
      const exponent = Math.floor(Math.log2(length))
      const unit = 2 ** (exponent - (Math.floor(Math.log2(exponent)) + 1))
      sizes.add(Math.ceil(length / unit) * unit)
    }
    const table = /<!-- table padded-sizes -->\n```text\n([\d\s]+)```/.exec(specification)![1]!
    expect(table.trim().split(/\s+/).map(Number)).toEqual([...sizes])
  })
})

describe('item and sync examples', () => {
  it('name claim, item and indicator', () => {
    const claim = bytes('claim', 'without id')
    const id = sha256(ascii('tocsin/claim/v1\0'), allianceId, ascii('\x03AAA'), claim).subarray(0, 16)
    expect(bytes('claim', 'id')).toEqual(id)
    expect(bytes('claim', 'item hash')).toEqual(sha256(bytes('claim', 'Item')))
    const indicator = sha256(ascii('tocsin/indicator/v1\0domain\0evil.example')).subarray(0, 16)
    expect(bytes('indicator-id', 'indicator id')).toEqual(indicator)
  })

  it('digest the frontier and the evidence', () => {
    const frontier = sha256(ascii('tocsin/frontier/v1\0'), logId, u64(6), leaves[5]!)
    expect(bytes('frontier', 'frontier digest')).toEqual(frontier)
    const conflict = sha256(ascii('tocsin/conflict/v1\0\x01'), logId, u64(2))
    const labels = ['registry document', 'nation document', 'checkpoint']
    const names = [conflict, ...labels.map(label => bytes('evidence', label))].sort(Buffer.compare)
    expect(bytes('evidence', 'evidence digest')).toEqual(sha256(ascii('tocsin/evidence/v1\0'), ...names))
  })

  it('frame a request and name a gossip message', () => {
    const frame = bytes('sync-frame', 'SyncFrame')
    expect(bytes('sync-frame', 'on the stream')).toEqual(Buffer.concat([Buffer.of(0, 0, 0, frame.length), frame]))
    const topic = `tocsin/1/${allianceId.toString('hex')}/entries`
    expect(bytes('gossip', 'message id')).toEqual(sha256(ascii(topic), bytes('entry-batch', 'Envelope')))
  })
})
