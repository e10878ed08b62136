import { describe, expect, test } from 'vitest'
import { EMPTY, utf8 } from '../../src/base/bytes.ts'
import { readContent } from '../../src/chain/entry-content.ts'
import { encodeKeyGrant, parseKeyGrant } from '../../src/chain/key-grant.ts'
import { encode } from '../../src/wire/codec.ts'
import { KIND } from '../../src/wire/entry.ts'
import { KeyGrant, type Slot } from '../../src/wire/gen/tocsin.ts'
import { bareDraft, bytesOf, nextEntry, openLog, REGISTRY_VERSION } from '../support/chain-fixture.ts'

const slot: Slot = { nation: 'BBB', kemKeyId: bytesOf('kem'), enc: new Uint8Array(1120), ct: new Uint8Array(48) }
const unnamed: Slot = { ...slot, nation: '', kemKeyId: EMPTY }
const grant: KeyGrant = {
  epochId: bytesOf('epoch').slice(0, 16),
  suite: 1,
  commit: bytesOf('commit'),
  registryVersion: 3,
  mode: 1,
  audienceHash: bytesOf('audience'),
  maxMessages: 65_536,
  sealedInfo: EMPTY,
  slots: [slot],
  supersedes: EMPTY,
  reason: 1,
}

function read(change: Partial<KeyGrant>) {
  const log = openLog()
  return readContent(
    nextEntry(log, bareDraft(KIND.KEY_GRANT, encode(KeyGrant, { ...grant, ...change }))),
    REGISTRY_VERSION,
  )
}

describe('a KEY_GRANT', () => {
  test('names its recipients when NAMED and none when SEALED', () => {
    expect(parseKeyGrant(encodeKeyGrant(grant))).toMatchObject({
      sealed: false,
      slots: [{ recipient: { nation: 'BBB' } }],
    })
    const sealed = { ...grant, mode: 2, slots: [unnamed, unnamed, unnamed, unnamed] }
    expect(parseKeyGrant(encodeKeyGrant(sealed))).toMatchObject({
      sealed: true,
      slots: [{ recipient: undefined }, {}, {}, {}],
    })
  })

  test('holds up to 48 slots', () => {
    expect(read({ slots: Array.from({ length: 48 }, () => slot) })).toMatchObject({ kind: 'ok' })
    const many = read({ slots: Array.from({ length: 49 }, () => slot) })
    expect(many).toMatchObject({ kind: 'void', code: 'content-body-malformed' })
  })

  test('of an unknown suite is kept as it is', () => {
    expect(read({ suite: 2, commit: EMPTY, slots: [] })).toEqual({ kind: 'opaque' })
  })

  const faults: readonly [string, Partial<KeyGrant>][] = [
    ['an epoch_id of 15 bytes', { epochId: new Uint8Array(15) }],
    ['a commit of 31 bytes', { commit: new Uint8Array(31) }],
    ['an audience_hash of 33 bytes', { audienceHash: new Uint8Array(33) }],
    ['no slot', { slots: [] }],
    ['mode 3', { mode: 3 }],
    ['reason 0', { reason: 0 }],
    ['a supersedes of 8 bytes', { supersedes: new Uint8Array(8) }],
    ['a NAMED slot without a nation', { slots: [unnamed] }],
    ['a NAMED slot of a nation that cannot be', { slots: [{ ...slot, nation: 'b' }] }],
    ['a SEALED slot with a nation', { mode: 2, slots: [{ ...unnamed, nation: 'BBB' }] }],
    ['a SEALED slot with a key id', { mode: 2, slots: [{ ...unnamed, kemKeyId: bytesOf('kem') }] }],
    ['an enc of 1,119 bytes', { slots: [{ ...slot, enc: new Uint8Array(1119) }] }],
    ['a ct of 49 bytes', { slots: [{ ...slot, ct: new Uint8Array(49) }] }],
  ]
  for (const [title, change] of faults) {
    test(`with ${title} is void, and is never built`, () => {
      expect(read(change)).toMatchObject({ kind: 'void', code: 'content-body-malformed' })
      expect(() => encodeKeyGrant({ ...grant, ...change })).toThrow()
    })
  }

  test('is absent while its body is', () => {
    const entry = nextEntry(openLog(), bareDraft(KIND.KEY_GRANT, utf8('to come')))
    expect(readContent({ ...entry, body: EMPTY }, REGISTRY_VERSION)).toEqual({ kind: 'absent' })
  })
})
