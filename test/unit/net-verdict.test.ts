import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { ProtocolError, StoreError } from '../../src/base/errors.ts'
import { messageId, topicText } from '../../src/net/gossip-options.ts'
import { peerIdOf, peerIdText, peerKeyBytes, peerKeyHex, peerKeyHexOf, publicKeyOf } from '../../src/net/peer-key.ts'
import { verdictOfError } from '../../src/net/verdict.ts'

describe('the verdict on a message whose handling threw', () => {
  it('rejects what is wrong whatever one knows', () => {
    expect(verdictOfError(new ProtocolError('wire-not-canonical', ''))).toBe('reject')
    expect(verdictOfError(new ProtocolError('signature-invalid', ''))).toBe('reject')
  })

  it('ignores what others may judge differently, and our own faults', () => {
    expect(verdictOfError(new ProtocolError('net-busy', ''))).toBe('ignore')
    expect(verdictOfError(new StoreError('frame-too-large', ''))).toBe('ignore')
    expect(verdictOfError(new TypeError('a bug of ours'))).toBe('ignore')
  })
})

describe('topics and message ids', () => {
  it('puts the alliance into the topic and the topic into the id', () => {
    expect(topicText('00ff', 'heads')).toBe('tocsin/1/00ff/heads')
    const data = utf8('the same')
    expect(messageId('a', data)).not.toEqual(messageId('b', data))
    expect(messageId('a', data)).toEqual(messageId('a', utf8('the same')))
  })

  it('covers all of the data', () => {
    const long = new Uint8Array(70_000)
    const id = messageId('a', long)
    long[69_999] = 1
    expect(messageId('a', long)).not.toEqual(id)
  })
})

describe('peer keys', () => {
  const key = Uint8Array.from({ length: 32 }, (_, i) => i)

  it('turn into libp2p identities and back', () => {
    expect(publicKeyOf(peerIdOf(key))).toEqual(key)
    expect(peerKeyHexOf(peerIdOf(key))).toBe(peerKeyHex(key))
    expect(peerKeyBytes(peerKeyHex(key))).toEqual(key)
    expect(peerIdText(key)).toMatch(/^12D3Koo/)
  })

  it('have 32 bytes', () => {
    expect(() => peerKeyHex(key.subarray(1))).toThrow(expect.objectContaining({ code: 'key-invalid' }))
  })
})
