import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { ClaimDraft } from '../../src/indicator/claim.ts'
import { claims, importText } from '../support/import-bytes.ts'
import { claimOf, draftsOf, exportOf, saysOf } from '../support/round-trip.ts'

/** Published events and bundles that lie beside the checkout on development machines. */
const DATA = join(import.meta.dirname, '../../../shared/data')
const isThere = existsSync(DATA)
if (!isThere) console.warn('skipped: ../shared/data is missing')

const CLAIMS_PER_FILE_MAX = 60
/** What alone may differ: see formats-round-trip.test.ts, which says why and what it becomes. */
const LOST = ['lineage', 'original']

describe.skipIf(!isThere)('what others have published', () => {
  it.each(globSync('{stix,misp}/**/*.{json,stix2,json.gz}', { cwd: DATA }))(
    'survives STIX, MISP and STIX again: %s',
    async file => {
      const drafts = await draftsIn(join(DATA, file))
      if (drafts.length === 0) return
      const first = await draftsOf(exportOf('stix', drafts))
      const second = await draftsOf(exportOf('misp', first))
      const last = await draftsOf(exportOf('stix', second))
      expect(last.map(without)).toEqual(drafts.map(without))
    },
  )
})

/** Those that name their source, as nearly all do; for others the nation is the source. */
async function draftsIn(file: string): Promise<readonly ClaimDraft[]> {
  const raw = readFileSync(file)
  const rows = await importText(file.endsWith('.gz') ? gunzipSync(raw) : raw, { name: file, restricted: true })
  return claims(rows)
    .map(({ draft }) => draft)
    .filter(draft => claimOf(draft).source + claimOf(draft).sourceId !== '')
    .slice(0, CLAIMS_PER_FILE_MAX)
}

function without(draft: ClaimDraft): unknown {
  return Object.fromEntries(Object.entries(saysOf(draft)).filter(([field]) => !LOST.includes(field)))
}
