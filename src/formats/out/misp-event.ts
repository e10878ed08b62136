import { stixTime } from '../stix-time.ts'
import { type MispJson, mispDistribution, mispOrganisation, tlpTag } from './misp-claims.ts'

/** An event of MISP without its attributes. */
export interface MispEvent {
  readonly uuid: string
  readonly info: string
  /** Who made it. */
  readonly nation: string
  readonly tlp: string
  readonly dateMs: number
  /** Seconds since 1970 of the last change in it; it does not rise where nothing has changed. */
  readonly timestamp: number
}

const COMPLETED = '2'
const THREAT_LEVEL_UNDEFINED = '4'

export function eventFrame(event: MispEvent): MispJson {
  return {
    uuid: event.uuid,
    distribution: mispDistribution(event.tlp),
    published: true,
    publish_timestamp: String(event.timestamp),
    ...manifestEntry(event),
  }
}

/** What the manifest of a feed says of an event. */
export function manifestEntry({ info, nation, tlp, dateMs, timestamp }: MispEvent): MispJson {
  return {
    Orgc: mispOrganisation(nation),
    Tag: [{ name: tlpTag(tlp) }],
    info,
    date: stixTime(dateMs).slice(0, 10),
    analysis: COMPLETED,
    threat_level_id: THREAT_LEVEL_UNDEFINED,
    timestamp: String(timestamp),
  }
}
