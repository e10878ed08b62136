import { existsSync } from 'node:fs'
import { TocsinError, UserError } from '../base/errors.ts'
import { type NationId, parseAllianceId, parseNationId } from '../base/ids.ts'
import type { ImportRow } from '../formats/import-row.ts'
import { refang } from '../formats/in/defang.ts'
import { readImport } from '../formats/in/import.ts'
import { readValue } from '../formats/in/value-text.ts'
import { parseTlp, TLP, type Tlp } from '../indicator/marking.ts'
import { readHeldAlliance } from '../node/home/founding-alliance.ts'
import { readConfig } from '../node/home/home.ts'
import { openImportSource } from '../node/inlets/import-source.ts'
import type { PublishItem } from '../node/orders/node-service.ts'
import { buildDraftItem } from '../node/rules/draft-item.ts'
import { createGuard, type Guard, type RuleOutcome } from '../policy/guard.ts'
import type { GuardAudience } from '../policy/guard-subject.ts'
import { readPolicy } from './policy-run.ts'
import { type ClaimOptions, claimDefaults } from './terminal/claim-options.ts'
import type { CliContext } from './terminal/context.ts'
import { EXIT_NO } from './terminal/exit.ts'
import { createRowWriter, type OutputFormat, printRows, type Shape } from './terminal/output.ts'

export interface TestOptions extends ClaimOptions {
  readonly with: string
  readonly name?: string
  readonly description?: string
  readonly to?: readonly string[]
  readonly group?: string
  readonly output: OutputFormat
}

interface Tested {
  readonly item: string
  readonly verdict: string
  readonly reason: string
}

const OUTCOMES: Shape<RuleOutcome> = {
  columns: [
    { name: 'rule', cell: row => row.number },
    { name: 'line', cell: row => row.line },
    { name: 'name', cell: row => row.name },
    { name: 'outcome', cell: row => (row.decided ? 'decided' : row.outcome) },
    { name: 'failed_on', cell: row => row.condition },
    { name: 'does', cell: row => row.does },
  ],
}

const TESTED: Shape<Tested> = {
  columns: [
    { name: 'item', cell: row => row.item },
    { name: 'verdict', cell: row => row.verdict },
    { name: 'reason', cell: row => row.reason },
  ],
}

const FILE_BYTES_MAX = 1024 ** 3
const ROWS_AT_ONCE = 500
/** For trying a policy without a home. */
const SOMEBODY = { nation: 'AAA' as NationId, tlp: TLP.AMBER as Tlp }

/** Exits 1 where something of it would not leave at once. */
export async function testPolicy(context: CliContext, file: string | undefined, options: TestOptions): Promise<void> {
  const { guard: policy } = await readPolicy(context, file)
  const { nation, tlp } = await whoWeAre(context)
  const audience = await audienceOf(context, nation, options)
  const tester = createTester(createGuard(policy), nation, tlp, audience)
  const readers = audience.readers.length === 0 ? 'nobody that is known here' : audience.readers.join(', ')
  context.say(
    `For ${audience.kind === 'alliance' ? 'the whole alliance' : 'a narrower audience'}; readers: ${readers}.`,
  )
  if (existsSync(options.with)) await testFile(context, tester, options)
  else await testValue(context, tester, options)
}

interface Tester {
  test(item: PublishItem): Tested
  explain(item: PublishItem): readonly RuleOutcome[]
}

function createTester(guard: Guard, nation: NationId, defaultTlp: Tlp, audience: GuardAudience): Tester {
  const identity = { allianceId: parseAllianceId(new Uint8Array(32)), nation, assertion: 0 }
  const build = (item: PublishItem) => buildDraftItem(item, { ...identity, defaultTlp }).item
  return {
    test(item) {
      const named = nameOf(item)
      try {
        const { decision } = guard.judge(build(item), audience, identity, () => 0)
        const verdict = decision.verdict === 'hold' ? 'second-person' : decision.verdict
        const changed = decision.changedBy.map(rule => `changed by rule ${rule.number} "${rule.name}"; `).join('')
        return { item: named, verdict, reason: `${changed}${decision.reason}` }
      } catch (error) {
        if (!(error instanceof TocsinError)) throw error
        return { item: named, verdict: 'refused', reason: error.message }
      }
    },
    explain: item => guard.explain(build(item), audience, () => 0),
  }
}

function nameOf(item: PublishItem): string {
  switch (item.kind) {
    case 'context':
      return item.json.slice(0, 60)
    case 'group':
      return item.name
    case 'withdrawal':
      return item.id
    default:
      return item.draft.value
  }
}

async function testValue(context: CliContext, tester: Tester, options: TestOptions): Promise<void> {
  const read = readValue(refang(options.with))
  if ('code' in read)
    throw new UserError('usage-invalid', `${options.with}: ${read.reason}`, {
      fix: 'Give a value, or a file that exists.',
    })
  const { labels = [], ...defaults } = claimDefaults(options)
  const draft = {
    ...{ type: read.type, value: read.value, original: options.with, labels: [...read.labels, ...labels] },
    ...defaults,
    ...(options.name !== undefined && { name: options.name }),
    ...(options.description !== undefined && { description: options.description }),
  }
  const item = { kind: 'claim', draft } as const
  const tested = tester.test(item)
  if (tested.verdict !== 'refused') await printRows(context.out, options.output, tester.explain(item), OUTCOMES)
  context.say(`${tested.verdict}: ${tested.reason}`)
  if (tested.verdict !== 'allow') context.setExitStatus(EXIT_NO)
}

async function testFile(context: CliContext, tester: Tester, options: TestOptions): Promise<void> {
  await using source = await openImportSource(options.with, context.stdin, {
    bytesMax: FILE_BYTES_MAX,
    onRead: () => {},
  })
  const importOptions = { name: source.name, format: 'auto', defaults: claimDefaults(options) } as const
  const writer = createRowWriter(context.out, options.output, TESTED)
  let rows: Tested[] = []
  for await (const row of readImport(source.chunks, importOptions)) {
    rows.push(testedRow(tester, row))
    if (rows.at(-1)?.verdict !== 'allow') context.setExitStatus(EXIT_NO)
    if (rows.length < ROWS_AT_ONCE) continue
    await writer.write(rows)
    rows = []
  }
  await writer.write(rows)
  await writer.end()
}

function testedRow(tester: Tester, row: ImportRow): Tested {
  if (row.kind === 'refused') return { item: row.place, verdict: 'refused', reason: row.reason }
  if (row.kind === 'claim') return tester.test({ kind: 'claim', draft: row.draft })
  const tlp = row.marking?.tlp
  return tester.test({ kind: 'context', json: row.json, ...(tlp !== undefined && { tlp }) })
}

async function whoWeAre(context: CliContext): Promise<{ readonly nation: NationId; readonly tlp: Tlp }> {
  if (!existsSync(context.home().config)) return SOMEBODY
  const { nation, publish } = await readConfig(context.home(), context.environment)
  return { nation: parseNationId(nation), tlp: parseTlp(publish.tlp) }
}

async function audienceOf(context: CliContext, own: NationId, { to, group }: TestOptions): Promise<GuardAudience> {
  const readers = (to ?? []).map(parseNationId).filter(nation => nation !== own)
  if (group !== undefined) return { kind: 'group', group: { id: group, name: group }, readers }
  if (to !== undefined) return { kind: 'nations', readers }
  const held = await readHeldAlliance(context.home())
  const recipients = held?.directory.audience(Date.now()).recipients ?? []
  return { kind: 'alliance', readers: recipients.map(({ nation }) => nation).filter(nation => nation !== own) }
}
