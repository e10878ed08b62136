import { expect, test } from 'vitest'
import { type Logger, silentLogger } from '../../src/base/ports.ts'
import { createOutbox } from '../../src/node/writing/outbox.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { encodeEnvelope, type ParsedEntry, parseEnvelope } from '../../src/wire/entry.ts'
import { logOf } from '../support/chain-fixture.ts'

const { entries } = logOf(40)

/** Gossip that takes a message when it is told to. */
function slowGossip() {
  const taken: ParsedEntry[] = []
  const waiting: (() => void)[] = []
  return {
    taken,
    async send(envelope: Uint8Array): Promise<void> {
      await new Promise<void>(resolve => waiting.push(resolve))
      taken.push(parseEnvelope(envelope))
    },
    async take(count: number): Promise<void> {
      for (let i = 0; i < count; i++) {
        waiting.shift()?.()
        await new Promise(resolve => setImmediate(resolve))
      }
    },
  }
}

function seqs(list: readonly { readonly seq: number }[]): number[] {
  return list.map(({ seq }) => seq)
}

test('hands entries over one after the other, in order, and says which went', async () => {
  await using store = await openStore({ memory: true })
  const gossip = slowGossip()
  const outbox = createOutbox(store, gossip.send, silentLogger)
  outbox.add(entries.slice(0, 3))
  outbox.add(entries.slice(3, 5))
  await gossip.take(4)
  expect(gossip.taken.map(({ header }) => header.seq)).toEqual([0, 1, 2, 3])
  expect(seqs(outbox.takeSent())).toEqual([0, 1, 2, 3])
  expect(outbox.takeSent()).toEqual([])
  await gossip.take(1)
  await outbox.settled()
  expect(seqs(outbox.takeSent())).toEqual([4])
})

test('holds up the author while too much waits', async () => {
  await using store = await openStore({ memory: true })
  const gossip = slowGossip()
  const outbox = createOutbox(store, gossip.send, silentLogger)
  await outbox.room()
  outbox.add(entries.slice(0, 10))
  let room = false
  const waited = outbox.room().then(() => {
    room = true
  })
  await gossip.take(2)
  expect(room).toBe(false)
  await gossip.take(1)
  await waited
  await gossip.take(10)
})

test('an entry that gossip does not take holds up no other', async () => {
  await using store = await openStore({ memory: true })
  const warnings: string[] = []
  const logger: Logger = { ...silentLogger, warn: (_, message) => warnings.push(message) }
  const taken: number[] = []
  const send = async (envelope: Uint8Array) => {
    const { seq } = parseEnvelope(envelope).header
    if (seq === 1) throw new Error('busy')
    taken.push(seq)
  }
  const outbox = createOutbox(store, send, logger)
  outbox.add(entries.slice(0, 3))
  await outbox.settled()
  expect(taken).toEqual([0, 2])
  expect(warnings).toHaveLength(1)
})

test('after a start hands over again what may not have gone', async () => {
  const held = new Map(entries.map(entry => [entry.header.seq, encodeEnvelope(entry)]))
  const store = {
    outbox: async () => [3, 5, 7].map(seq => ({ logId: entries[0]!.logId, seq })),
    // What was taken away meanwhile is left out.
    entry: async (_: Uint8Array, seq: number) => (seq === 5 ? undefined : held.get(seq)),
  } as unknown as Store
  const taken: number[] = []
  const outbox = createOutbox(store, async bytes => void taken.push(parseEnvelope(bytes).header.seq), silentLogger)
  await outbox.resume()
  await outbox.settled()
  expect(taken).toEqual([3, 7])
  expect(seqs(outbox.takeSent())).toEqual([3, 7])
})
