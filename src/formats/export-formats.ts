import type { ExportFormat } from './exported.ts'
import { cefLines } from './out-cef.ts'
import { csvTable } from './out-csv.ts'
import { ecsDocuments } from './out-ecs.ts'
import { mispEvent } from './out-misp.ts'
import { mispFeed } from './out-misp-feed.ts'
import { plainList, plainLists } from './out-plain.ts'
import { splunkLookups } from './out-splunk.ts'
import { stixBundle } from './out-stix.ts'

/** Every format of `tocsin export`, by its name. */
export const EXPORT_FORMATS: ReadonlyMap<string, ExportFormat> = new Map(
  [stixBundle, mispEvent, mispFeed, csvTable, plainList, plainLists, splunkLookups, ecsDocuments, cefLines].map(
    format => [format.name, format],
  ),
)
