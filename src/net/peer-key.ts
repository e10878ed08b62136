import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { fromHex, toHex } from '../base/bytes.ts'
import { ProtocolError } from '../base/errors.ts'

declare const brand: unique symbol

/** 64 lower-case hex characters of a peer's raw Ed25519 public key: how the rest of the program names a peer. */
export type PeerKeyHex = string & { readonly [brand]: 'PeerKeyHex' }

const PEER_KEY_BYTES = 32

/** The map key of a raw Ed25519 public key; throws `ProtocolError` unless it is 32 bytes. */
export function peerKeyHex(publicKey: Uint8Array): PeerKeyHex {
  if (publicKey.length !== PEER_KEY_BYTES) {
    throw new ProtocolError('key-invalid', `a peer key is ${publicKey.length} bytes instead of ${PEER_KEY_BYTES}`)
  }
  return toHex(publicKey) as PeerKeyHex
}

export function peerKeyBytes(peer: PeerKeyHex): Uint8Array {
  return fromHex(peer)
}

/** The libp2p identity of a raw Ed25519 public key (32 bytes). */
export function peerIdOf(publicKey: Uint8Array): PeerId {
  peerKeyHex(publicKey)
  return peerIdFromPublicKey(publicKeyFromRaw(publicKey))
}

/** The `12D3Koo…` text of a raw Ed25519 public key, as it stands behind `/p2p/` in an address. */
export function peerIdText(publicKey: Uint8Array): string {
  return peerIdOf(publicKey).toString()
}

/** The raw Ed25519 public key (32 bytes) of a libp2p identity, or null for any other kind of key. */
export function publicKeyOf(peerId: PeerId): Uint8Array | null {
  return peerId.type === 'Ed25519' ? peerId.publicKey.raw : null
}

/** A connection's `remotePeer` is one object for its whole life, so each is converted once. */
const known = new WeakMap<PeerId, PeerKeyHex>()

/** The map key of a libp2p identity, or null for a kind of key that no member has. */
export function peerKeyHexOf(peerId: PeerId): PeerKeyHex | null {
  const cached = known.get(peerId)
  if (cached !== undefined) return cached
  const publicKey = publicKeyOf(peerId)
  if (publicKey === null) return null
  const key = peerKeyHex(publicKey)
  known.set(peerId, key)
  return key
}
