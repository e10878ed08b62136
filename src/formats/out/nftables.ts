import { addressPrefix } from '../../indicator/ip.ts'
import type { ExportContext, ExportedIndicator, ExportFormat, ExportPiece, ExportWriter, Written } from '../exported.ts'
import { type AddressBlock, blockOf, blocksWithout, blockText, mergedBlocks } from './address-blocks.ts'
import { exportHeading } from './export-heading.ts'
import { choiceOf, matchOf } from './export-parameter.ts'
import { type NeverBlocked, neverBlocked } from './never-blocked.ts'

const RULES = ['none', 'log', 'drop'] as const

const parameters = {
  table: { default: 'tocsin', label: 'the table of family inet that holds the sets' },
  rules: {
    default: 'none',
    label: 'none: sets alone, for rules of your own in that table; log or drop: chains that look at all traffic too',
  },
} as const

/**
 * Sets of blocked addresses, replaced in one transaction by `nft -f`: a reader of the sets sees the old ones or the new
 * ones. Rules and sets of the operator in the same table stay.
 */
export const nftables: ExportFormat = {
  name: 'nftables',
  label: 'nftables sets blocked4 and blocked6, for nft -f: addresses and ranges, merged',
  shape: 'file',
  extension: '.nft',
  types: new Set(['ipv4', 'ipv6', 'cidr']),
  withdrawn: false,
  removals: false,
  parameters,
  start: context => new SetWriter(context),
}

/** Of each family: more do not fit into the memory of a kernel that has something else to do. */
const BLOCKS_MAX = 2_000_000
const BLOCKS_PER_PIECE = 1000
const FAMILIES = [4, 6] as const
const VERDICTS = { log: 'limit rate 10/second log prefix "tocsin " counter', drop: 'counter drop' } as const

class SetWriter implements ExportWriter {
  readonly #context: ExportContext
  readonly #table: string
  readonly #rules: (typeof RULES)[number]
  readonly #never: NeverBlocked
  readonly #blocks: Record<4 | 6, AddressBlock[]> = { 4: [], 6: [] }

  constructor(context: ExportContext) {
    this.#context = context
    this.#table = matchOf(context, parameters, 'table', {
      pattern: /^[A-Za-z][A-Za-z0-9_]{0,30}$/,
      wanted: 'up to 31 letters, digits and underscores, a letter first',
    })
    this.#rules = choiceOf(context, parameters, 'rules', RULES)
    this.#never = neverBlocked(context)
  }

  begin(): readonly ExportPiece[] {
    const table = `inet ${this.#table}`
    const sets = FAMILIES.map(family => {
      const set = `${table} blocked${family}`
      return `add set ${set} { type ipv${family}_addr; flags interval; auto-merge; }\nflush set ${set}\n`
    })
    return [piece(`${exportHeading(this.#context)}add table ${table}\n${sets.join('')}`)]
  }

  add({ value }: ExportedIndicator): Written {
    const left = this.#never.whyNotAddress(value)
    if (left !== undefined) return { left }
    const prefix = addressPrefix(value)
    const blocks = this.#blocks[prefix.words.length === 1 ? 4 : 6]
    if (blocks.length >= BLOCKS_MAX) return { left: `a set takes at most ${BLOCKS_MAX} addresses and ranges` }
    blocks.push(blockOf(prefix))
    return { pieces: [] }
  }

  *end(): Generator<ExportPiece> {
    for (const family of FAMILIES) yield* this.#elements(family)
    if (this.#rules !== 'none') yield piece(chains(`inet ${this.#table}`, VERDICTS[this.#rules]))
  }

  *#elements(family: 4 | 6): Generator<ExportPiece> {
    const never = this.#never.addresses
      .map(addressPrefix)
      .filter(({ words }) => (words.length === 1) === (family === 4))
    const blocks = blocksWithout(mergedBlocks(this.#blocks[family]), mergedBlocks(never.map(blockOf)))
    if (blocks.length === 0) return
    yield piece(`add element inet ${this.#table} blocked${family} {\n`)
    for (let from = 0; from < blocks.length; from += BLOCKS_PER_PIECE) {
      const few = blocks.slice(from, from + BLOCKS_PER_PIECE)
      yield piece(few.map(block => `\t${blockText(block, family)},\n`).join(''))
    }
    yield piece('}\n')
  }
}

/** Before other filters, for what comes, goes and passes. */
function chains(table: string, verdict: string): string {
  const rulesOf = (side: string) =>
    FAMILIES.map(family => `${family === 4 ? 'ip' : 'ip6'} ${side} @blocked${family} ${verdict}`)
  const sides = { input: ['saddr'], output: ['daddr'], forward: ['saddr', 'daddr'] }
  return Object.entries(sides)
    .map(([hook, looksAt]) => {
      const rules = looksAt.flatMap(rulesOf).map(rule => `add rule ${table} ${hook} ${rule}\n`)
      const chain = `add chain ${table} ${hook} { type filter hook ${hook} priority -10; policy accept; }\n`
      return `${chain}flush chain ${table} ${hook}\n${rules.join('')}`
    })
    .join('')
}

function piece(text: string): ExportPiece {
  return { file: '', text }
}
