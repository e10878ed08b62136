import { TocsinError } from '../../base/errors.ts'
import type { Host } from '../../net/host.ts'
import type { PeerKeyHex } from '../../net/peer-key.ts'
import type { Verdict } from '../../net/verdict.ts'
import { type ParsedEntry, parseEnvelope } from '../../wire/entry.ts'
import type { Ingest } from '../intake/ingest.ts'
import type { RegistryHints } from './registry-hints.ts'

export interface EntryGossipOptions {
  readonly host: Pick<Host, 'subscribe'>
  readonly ingest: Pick<Ingest, 'offerGossip'>
  readonly hints: RegistryHints
  /** Counts a message that is not taken. */
  refuse(code: string): void
}

/** Entries that neighbours pass on. */
export function startEntryGossip({ host, ingest, hints, refuse }: EntryGossipOptions): void {
  host.subscribe('entries', async (data, from) => {
    try {
      return await judge(parseEnvelope(data), from)
    } catch (error) {
      if (error instanceof TocsinError) refuse(error.code)
      throw error
    }
  })

  async function judge(entry: ParsedEntry, from: PeerKeyHex): Promise<Verdict> {
    try {
      return await ingest.offerGossip(entry)
    } catch (error) {
      // A log whose key is not known here may be that of a new member.
      if (error instanceof TocsinError && error.code === 'genesis-key-unknown')
        hints.hint(from, entry.header.registryVersion, from)
      throw error
    }
  }
}
