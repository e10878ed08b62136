import type { ExportFormat } from '../exported.ts'
import { cefLines } from './cef.ts'
import { clamav } from './clamav.ts'
import { csvTable } from './csv.ts'
import { ecsDocuments } from './ecs.ts'
import { hosts } from './hosts.ts'
import { mispEvent } from './misp.ts'
import { mispFeed } from './misp-feed.ts'
import { nftables } from './nftables.ts'
import { plainList, plainLists } from './plain.ts'
import { rpz } from './rpz.ts'
import { sigma } from './sigma.ts'
import { splunkLookups } from './splunk.ts'
import { stixBundle } from './stix.ts'
import { suricata } from './suricata.ts'
import { unbound } from './unbound.ts'
import { yara } from './yara.ts'
import { zeek } from './zeek.ts'

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
