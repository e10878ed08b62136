/** A node that holds many claims, asked by one TAXII client for page after page. */
import { domainDraft } from '../../test/support/node-alliance.ts'
import { createTaxiiWorld, type TaxiiClient, type TaxiiWorld } from '../../test/support/taxii-world.ts'
import type { Report } from '../bench-figure.ts'

export const name = 'taxii'

const CLAIMS = Number(process.env.BENCH_TAXII_CLAIMS ?? 100_000)
const DRAFTS_PER_CALL = 1000
const PAGES = 100

export async function run(report: Report): Promise<void> {
  await using world = await createTaxiiWorld()
  await publish(world)
  const client = await world.client('tlp=RED,groups=any')
  await world.restart()
  const before = rssBytes()
  report({ figure: `first page over ${CLAIMS} claims`, value: await answered(client, 'limit=100'), unit: 's' })
  const newest = `added_after=${new Date().toISOString()}`
  report({ figure: `first answer on the newest of ${CLAIMS} claims`, value: await answered(client, newest), unit: 's' })
  report({ figure: 'memory of the index for a claim', value: (rssBytes() - before) / CLAIMS, unit: 'bytes' })
  for (const limit of [100, 1000]) {
    const { pages, objects, seconds } = await walk(client, `limit=${limit}`)
    report({ figure: `pages of ${limit} objects`, value: pages / seconds, unit: 'pages/s' })
    report({ figure: `objects in pages of ${limit}`, value: objects / seconds, unit: 'objects/s' })
  }
  const low = await world.client('tlp=CLEAR')
  const started = performance.now()
  await low.get('objects/')
  report({ figure: `a page of what hides ${CLAIMS} claims`, value: performance.now() - started, unit: 'ms' })
}

async function publish({ node }: TaxiiWorld): Promise<void> {
  for (let first = 0; first < CLAIMS; first += DRAFTS_PER_CALL) {
    const drafts = Array.from({ length: DRAFTS_PER_CALL }, (_, i) => domainDraft(`bulk-${first + i}.example`))
    const outcomes = await node.service.publish(drafts)
    if (outcomes.some(({ outcome }) => outcome !== 'new')) throw new Error(JSON.stringify(outcomes[0]))
  }
  await node.node.projector.settled()
}

/** In seconds, from the first request, however often it is told to come again. */
async function answered(client: TaxiiClient, query: string): Promise<number> {
  const started = performance.now()
  while ((await client.get(`objects/?${query}`)).status === 503);
  return (performance.now() - started) / 1000
}

async function walk(client: TaxiiClient, query: string) {
  const started = performance.now()
  let [pages, objects] = [0, 0]
  for (let next: string | undefined = ''; next !== undefined && pages < PAGES; pages++) {
    const { json } = await client.get(`objects/?${query}${next && `&next=${next}`}`)
    objects += json.objects.length
    next = json.next
  }
  return { pages, objects, seconds: (performance.now() - started) / 1000 }
}

function rssBytes(): number {
  return process.memoryUsage().rss
}
