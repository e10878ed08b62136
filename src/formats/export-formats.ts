import type { ExportFormat } from './exported.ts'
import { cefLines } from './out-cef.ts'
import { clamav } from './out-clamav.ts'
import { csvTable } from './out-csv.ts'
import { ecsDocuments } from './out-ecs.ts'
import { hosts } from './out-hosts.ts'
import { mispEvent } from './out-misp.ts'
import { mispFeed } from './out-misp-feed.ts'
import { nftables } from './out-nftables.ts'
import { plainList, plainLists } from './out-plain.ts'
import { rpz } from './out-rpz.ts'
import { sigma } from './out-sigma.ts'
import { splunkLookups } from './out-splunk.ts'
import { stixBundle } from './out-stix.ts'
import { suricata } from './out-suricata.ts'
import { unbound } from './out-unbound.ts'
import { yara } from './out-yara.ts'
import { zeek } from './out-zeek.ts'

const FOR_PEOPLE_AND_PLATFORMS = [
  stixBundle,
  mispEvent,
  mispFeed,
  csvTable,
  plainList,
  plainLists,
  splunkLookups,
  ecsDocuments,
  cefLines,
]
const FOR_DETECTION = [suricata, zeek, clamav, yara, sigma]
const FOR_BLOCKING = [rpz, unbound, hosts, nftables]

/** Every format of `tocsin export`, by its name. */
export const EXPORT_FORMATS: ReadonlyMap<string, ExportFormat> = new Map(
  [...FOR_PEOPLE_AND_PLATFORMS, ...FOR_DETECTION, ...FOR_BLOCKING].map(format => [format.name, format]),
)
