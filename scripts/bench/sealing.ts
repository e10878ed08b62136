/** What confidentiality costs: a grant at 5, 32 and 200 nations, opening one that is not ours, and a message. */
import { parseHash } from '../../src/base/ids.ts'
import { aeadOpen, aeadSeal } from '../../src/crypto/aead.ts'
import { openSlot } from '../../src/crypto/epoch-slot.ts'
import { padme } from '../../src/crypto/padding.ts'
import { openBody, sealBody } from '../../src/crypto/seal.ts'
import { createXWingKey, encapsulateXWing } from '../../src/crypto/xwing.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'
import { ALLIANCE, nationsAudience } from '../../src/policy/audience-name.ts'
import { buildGrants, createEpoch } from '../../src/policy/epoch.ts'
import { resolveAudience } from '../../src/policy/resolve-audience.ts'
import { sealedSlotCount } from '../../src/policy/sealed-slots.ts'
import { circleOf, createWorld, PLACE, resolved } from '../../test/support/audience-world.ts'
import type { Report } from '../bench-figure.ts'

const ROUNDS = 7
const MESSAGES = 2000
const CONTENT_BYTES = 400
/** The owned key of a grant's time, the two beside it, and one more (`epoch-keys.ts`). */
const KEYS_TRIED = 4
const NATIONS = [5, 32, 200] as const

/** The best of some rounds, in milliseconds. */
function timeOf(work: () => void): number {
  let bestMs = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    work()
    bestMs = Math.min(bestMs, performance.now() - started)
  }
  return bestMs
}

export async function run(report: Report): Promise<void> {
  const ours = createXWingKey(systemRandom.bytes(32))
  const encapsulation = timeOf(() => {
    for (let i = 0; i < 48; i++) encapsulateXWing(ours.publicKey)
  })
  const { enc } = encapsulateXWing(ours.publicKey)
  const decapsulation = timeOf(() => {
    for (let i = 0; i < 48; i++) ours.decapsulate(enc)
  })

  for (const count of NATIONS) {
    const world = createWorld(count)
    const circle = circleOf(world)
    const all = nationsAudience(world.map(({ nation }) => nation))
    for (const name of [ALLIANCE, all]) {
      const audience = resolved(name, circle)
      const epoch = createEpoch({ ...PLACE, audience, registryVersion: 1, nowMs: 0 }, systemRandom)
      const slots = audience.sealed ? sealedSlotCount(count) : count
      const ms = timeOf(() => buildGrants(epoch, 65_536, undefined, systemRandom))
      const figure = `a ${audience.sealed ? 'SEALED' : 'NAMED'} epoch granted to ${count} nations`
      report({ figure, value: ms, unit: 'ms', floor: (encapsulation / 48) * slots })
    }
    const resolving = timeOf(() => {
      for (let i = 0; i < 100; i++) resolveAudience(all, 5, circle)
    })
    report({ figure: `an audience of ${count} named nations resolved`, value: resolving / 100, unit: 'ms' })
  }

  const world = createWorld(48)
  const audience = resolved(nationsAudience(world.map(({ nation }) => nation)), circleOf(world))
  const epoch = createEpoch({ ...PLACE, audience, registryVersion: 1, nowMs: 0 }, systemRandom)
  const [grant] = buildGrants(epoch, 65_536, undefined, systemRandom)
  const trial = timeOf(() => {
    for (let key = 0; key < KEYS_TRIED; key++) {
      for (const slot of grant!.slots) openSlot(ours, epoch.place, parseHash(grant!.commit), slot)
    }
  })
  const figure = `a SEALED grant of 48 slots tried with ${KEYS_TRIED} keys in vain`
  report({ figure, value: trial, unit: 'ms', floor: decapsulation * KEYS_TRIED })

  const content = systemRandom.bytes(CONTENT_BYTES)
  const place = { ...PLACE, seq: 1, registryVersion: 1 }
  const sealed = sealBody(epoch.secret, place, content, systemRandom)
  const padded = new Uint8Array(Math.max(512, padme(CONTENT_BYTES + 4)))
  const [nonce, aad] = [new Uint8Array(12), new Uint8Array(120)]
  const bare = aeadSeal(epoch.secret, nonce, aad, padded)
  const perSecond = (work: () => void) =>
    (MESSAGES /
      timeOf(() => {
        for (let i = 0; i < MESSAGES; i++) work()
      })) *
    1000
  report({
    figure: 'messages of one small item sealed',
    value: perSecond(() => sealBody(epoch.secret, place, content, systemRandom)),
    unit: 'messages/s',
    floor: perSecond(() => aeadSeal(epoch.secret, nonce, aad, padded)),
  })
  report({
    figure: 'messages of one small item opened',
    value: perSecond(() => openBody(epoch.secret, place, sealed.salt, sealed.body)),
    unit: 'messages/s',
    floor: perSecond(() => aeadOpen(epoch.secret, nonce, aad, bare)),
  })
}
