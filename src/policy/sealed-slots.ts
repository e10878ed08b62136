import { readU32be } from '../base/bytes.ts'
import type { Random } from '../base/ports.ts'
import { EPOCH_SECRET_BYTES, type EpochPlace, sealSlot } from '../crypto/epoch-slot.ts'
import type { HpkeMessage } from '../crypto/hpke.ts'
import { createXWingKey } from '../crypto/xwing.ts'
import type { Recipient } from '../registry/audience.ts'
import { GRANT_SLOTS_MAX } from '../wire/limits.ts'

/** Numbers of slots that a SEALED grant may have; above, multiples of the largest, over several grants. */
const SLOT_COUNTS = [4, 8, 16, 32, GRANT_SLOTS_MAX] as const
const SEED_BYTES = 32

export function sealedSlotCount(recipients: number): number {
  const count = SLOT_COUNTS.find(each => recipients <= each)
  return count ?? Math.ceil(recipients / GRANT_SLOTS_MAX) * GRANT_SLOTS_MAX
}

/**
 * The slots of all recipients among dummies, in random order and without names. A dummy is a slot like any other, with
 * another secret and to a key that nobody keeps, so that nothing tells it from a real one.
 */
export function sealedSlots(
  recipients: readonly Pick<Recipient, 'kemPublicKey'>[],
  place: EpochPlace,
  secret: Uint8Array,
  random: Random,
): readonly HpkeMessage[] {
  const nobody = createXWingKey(random.bytes(SEED_BYTES)).publicKey
  const slots = recipients.map(({ kemPublicKey }) => sealSlot(kemPublicKey, place, secret))
  while (slots.length < sealedSlotCount(recipients.length)) {
    slots.push(sealSlot(nobody, place, random.bytes(EPOCH_SECRET_BYTES)))
  }
  return shuffled(slots, random)
}

/** Fisher and Yates. 32 bits for fewer than 2^10 slots leave a bias below 2^-22, which nobody can see. */
function shuffled<T>(list: readonly T[], random: Random): readonly T[] {
  const out = [...list]
  for (let last = out.length - 1; last > 0; last--) {
    const other = readU32be(random.bytes(4)) % (last + 1)
    ;[out[last], out[other]] = [out[other]!, out[last]!]
  }
  return out
}
