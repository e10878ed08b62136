import { indicatorText } from '../../indicator/type.ts'
import type { ExportContext, ExportedIndicator, ExportFormat, ExportPiece, ExportWriter, Written } from '../exported.ts'
import { exportHeading } from './export-heading.ts'
import { choiceOf, matchOf, numberOf } from './export-parameter.ts'
import { type NeverBlocked, neverBlocked } from './never-blocked.ts'
import { createSidRange, type SidRange } from './sid-range.ts'
import { exactContent } from './suricata-content.ts'
import {
  datasetRules,
  type ListedSize,
  SURICATA_DATASETS,
  type SuricataDataset,
  whyNotListed,
} from './suricata-dataset.ts'
import { checkSuricataRule } from './suricata-rule.ts'
import { wireUrl } from './wire-url.ts'

const DATASETS_BY_TYPE: ReadonlyMap<string, SuricataDataset> = new Map(
  SURICATA_DATASETS.flatMap(dataset => dataset.types.map(type => [type, dataset] as const)),
)
const ADDRESS_TYPES: ReadonlySet<string> = new Set(['ipv4', 'ipv6', 'cidr'])

const parameters = {
  action: { default: 'alert', label: 'alert, or drop (inline alone); rules of others always alert' },
  sid: { default: '1000000000', label: 'the first of the rule numbers that are used here' },
  sids: { default: '1000000000', label: 'how many there are; two exports on one sensor must not share them' },
  rules: { default: '20000', label: 'at most so many rules for URLs and of others' },
  directory: {
    default: '/var/lib/suricata/tocsin',
    label: 'where the sensor has this folder, for the lines of its configuration',
  },
  category: { default: '1', label: 'number of the category of IP reputation, 1 to 59' },
} as const

/**
 * A folder for Suricata 7: rules over datasets, which need nothing but to be named in `rule-files`; rules for URLs; rules
 * that nations share; and lists for IP reputation with the lines of configuration that they take.
 */
export const suricata: ExportFormat = {
  name: 'suricata',
  label: 'Suricata 7 rules with datasets, rules for URLs, shared rules and IP reputation',
  shape: 'folder',
  extension: '',
  types: new Set([...DATASETS_BY_TYPE.keys(), 'cidr', 'url', 'suricata']),
  withdrawn: false,
  removals: false,
  parameters,
  start: context => new RuleWriter(context),
}

/** For rules of ours; numbers after them are drawn. */
const OWN_SIDS = 1000
const SID_MAX = 0xffff_ffff
const RULES_MAX = 1_000_000
const URL_SCHEMES: ReadonlySet<string> = new Set(['http', 'https'])
const URL_LENGTH_MAX = 2000
const SHA1_REMARK =
  '# Where these are loaded, Suricata 7.0 computes no other hash of a file, unless the output of files in eve-log has\n' +
  '# force-hash: [md5, sha1, sha256].\n'
const REPUTATION_MAX = 127
const SCORE_MAX = 100

class RuleWriter implements ExportWriter {
  readonly #context: ExportContext
  readonly #action: string
  readonly #sid: number
  readonly #sids: SidRange
  readonly #category: number
  readonly #directory: string
  readonly #never: NeverBlocked
  readonly #sizes = new Map<string, ListedSize>()
  #hasReputation = false

  constructor(context: ExportContext) {
    this.#context = context
    this.#action = choiceOf(context, parameters, 'action', ['alert', 'drop'])
    this.#sid = numberOf(context, parameters, 'sid', { min: 1, max: SID_MAX - 2 * OWN_SIDS })
    const sids = numberOf(context, parameters, 'sids', { min: 2 * OWN_SIDS, max: SID_MAX - this.#sid })
    const rulesMax = numberOf(context, parameters, 'rules', { min: 0, max: RULES_MAX })
    this.#sids = createSidRange(this.#sid + OWN_SIDS, sids - OWN_SIDS, rulesMax)
    this.#category = numberOf(context, parameters, 'category', { min: 1, max: 59 })
    this.#directory = matchOf(context, parameters, 'directory', {
      pattern: /^\/[\w./-]{0,200}$/,
      wanted: 'an absolute path of letters, digits, dots, hyphens and underscores',
    })
    this.#never = neverBlocked(context)
  }

  begin(): readonly ExportPiece[] {
    return []
  }

  add(indicator: ExportedIndicator): Written {
    const left = this.#whyNot(indicator)
    if (left !== undefined) return { left }
    if (indicator.type === 'url') return this.#url(indicator)
    if (indicator.type === 'suricata') return this.#shared(indicator)
    return { pieces: [...this.#listed(indicator), ...this.#reputation(indicator)] }
  }

  end(): readonly ExportPiece[] {
    const { name } = this.#context
    const rules = datasetRules(this.#sizes, { action: this.#action, sid: this.#sid, prefix: name })
    const pieces = [this.#piece('.rules', exportHeading(this.#context) + rules.main)]
    if (rules.sha1 !== '') pieces.push(this.#piece('-sha1.rules', SHA1_REMARK + rules.sha1))
    return this.#hasReputation ? [...pieces, ...this.#reputationFrame()] : pieces
  }

  #whyNot(indicator: ExportedIndicator): string | undefined {
    const { type, value } = indicator
    if (ADDRESS_TYPES.has(type)) return this.#never.whyNotAddress(value)
    return type === 'domain' ? this.#never.whyNotDomain(value) : whyNotListed(indicator)
  }

  #listed({ type, value }: ExportedIndicator): ExportPiece[] {
    const dataset = DATASETS_BY_TYPE.get(type)
    if (dataset === undefined) return []
    const line = `${dataset.line(value)}\n`
    const { lines, bytes } = this.#sizes.get(dataset.name) ?? { lines: 0, bytes: 0 }
    this.#sizes.set(dataset.name, { lines: lines + 1, bytes: bytes + line.length })
    return [this.#piece(`-${dataset.name}.lst`, line)]
  }

  #reputation({ type, value, score }: ExportedIndicator): ExportPiece[] {
    if (!ADDRESS_TYPES.has(type)) return []
    this.#hasReputation = true
    const reputation = Math.max(1, Math.round((score * REPUTATION_MAX) / SCORE_MAX))
    return [this.#piece('-reputation.list', `${value},${this.#category},${reputation}\n`)]
  }

  #reputationFrame(): ExportPiece[] {
    const { name } = this.#context
    const sid = this.#sid + OWN_SIDS - 1
    return [
      this.#piece('-categories.txt', `${this.#category},Tocsin,Addresses and ranges listed by Tocsin\n`),
      this.#piece(
        '-iprep.rules',
        `${this.#action} ip any any -> any any (msg:"TOCSIN traffic with a listed address or range"; iprep:any,Tocsin,>,0; ` +
          `threshold:type limit,track by_both,count 1,seconds 60; classtype:trojan-activity; sid:${sid}; rev:1;)\n`,
      ),
      this.#piece(
        '-iprep.yaml',
        `# For suricata.yaml. ${name}-iprep.rules is read only where this is there.\n` +
          `reputation-categories-file: ${this.#directory}/${name}-categories.txt\n` +
          `default-reputation-path: ${this.#directory}\nreputation-files:\n  - ${name}-reputation.list\n`,
      ),
    ]
  }

  #url({ id, value }: ExportedIndicator): Written {
    const { scheme, authority, target } = wireUrl(value)
    if (!URL_SCHEMES.has(scheme)) return { left: 'of URLs Suricata sees those of http' }
    if (target.length > URL_LENGTH_MAX)
      return { left: `a URL of more than ${URL_LENGTH_MAX} characters makes a rule too long` }
    const sid = this.#sids.take(id)
    if (sid === undefined) return { left: 'there are more rules than the parameters rules and sids allow' }
    const host = exactContent(authority.replace(/:\d+$/, ''))
    const rule =
      `${this.#action} http any any -> any any (msg:"TOCSIN listed URL"; http.host; ${host} ` +
      `http.uri.raw; ${exactContent(target)} classtype:trojan-activity; metadata:tocsin_id ${id}; sid:${sid}; rev:1;)\n`
    return { pieces: [this.#piece('-urls.rules', rule)] }
  }

  #shared(indicator: ExportedIndicator): Written {
    const checked = checkSuricataRule(indicatorText(indicator))
    if ('left' in checked) return checked
    const sid = this.#sids.take(indicator.id)
    if (sid === undefined) return { left: 'there are more rules than the parameters rules and sids allow' }
    const meta = `metadata:tocsin_id ${indicator.id}, tocsin_nations ${indicator.nations.join('_')}`
    const options = [...checked.options, meta, `sid:${sid}`, `rev:${checked.rev}`].map(option => `${option};`)
    return { pieces: [this.#piece('-shared.rules', `alert ${checked.header} (${options.join(' ')})\n`)] }
  }

  #piece(suffix: string, text: string): ExportPiece {
    return { file: `${this.#context.name}${suffix}`, text }
  }
}
