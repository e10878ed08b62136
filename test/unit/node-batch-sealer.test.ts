import { randomBytes } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { parseAllianceId, parseLogId } from '../../src/base/ids.ts'
import { installNative } from '../../src/crypto/native.ts'
import { systemRandom } from '../../src/node/mechanisms/random-system.ts'
import { type BatchSealerOptions, createBatchSealer } from '../../src/node/writing/batch-sealer.ts'
import type { OwnDraft } from '../../src/node/writing/own-log.ts'
import { ALLIANCE } from '../../src/policy/audience-name.ts'
import type { ReleasedItem } from '../../src/policy/release.ts'
import { KIND } from '../../src/wire/entry.ts'
import { KeyGrant } from '../../src/wire/gen/tocsin.ts'
import { decodeStrict } from '../../src/wire/strict.ts'
import { circleOf, createWorld, resolved } from '../support/audience-world.ts'

beforeAll(installNative)

const world = createWorld(3)

test('R-3.6: who is expelled while the grants of a new epoch are written is not in the epoch of the message', async () => {
  const logId = parseLogId(randomBytes(32))
  let members = world
  const written: { readonly kind: number; readonly nations: readonly string[]; readonly epoch: string }[] = []
  /** The log keeps nothing but what this test looks at; the registry changes while its first grant is on the way to the disk. */
  const ownLog = {
    current: () => ({ logId, registryVersion: 1 }),
    async append({ kind, build }: OwnDraft) {
      const { body, sealing } = build({
        logId,
        seq: written.length,
        prev: randomBytes(32) as never,
        registryVersion: 1,
      })
      if (kind === KIND.KEY_GRANT) {
        const { slots, epochId } = decodeStrict(KeyGrant, body, 1024 * 1024)
        written.push({ kind, nations: slots.map(({ nation }) => nation), epoch: Buffer.from(epochId).toString('hex') })
        members = world.slice(0, 2)
      } else {
        written.push({ kind, nations: [], epoch: Buffer.from(sealing!.epochId).toString('hex') })
      }
      await new Promise(resolve => setTimeout(resolve, 5))
      return {}
    },
  } as unknown as BatchSealerOptions['ownLog']
  const sealer = createBatchSealer({
    allianceId: parseAllianceId(randomBytes(32)),
    ownLog,
    epochs: { add() {} } as unknown as BatchSealerOptions['epochs'],
    epochLimits: () => ({ maxAgeMs: 86_400_000, maxMessages: 100 }),
    clock: { now: () => 1 },
    random: systemRandom,
  })

  await sealer.append(() => {
    const audience = resolved(ALLIANCE, circleOf(members))
    const item = { item: { type: 1, body: randomBytes(10) }, audience } as unknown as ReleasedItem
    return { audience, items: [item], runs: [], own: {} }
  })

  const grants = written.filter(({ kind }) => kind === KIND.KEY_GRANT)
  expect(grants.map(({ nations }) => nations)).toEqual([
    ['AAA', 'AAB', 'AAC'],
    ['AAA', 'AAB'],
  ])
  expect(written.at(-1)).toMatchObject({ kind: KIND.BATCH, epoch: grants[1]!.epoch })
})
