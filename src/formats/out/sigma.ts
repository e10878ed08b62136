import { Scalar, visit } from 'yaml'
import { indicatorText } from '../../indicator/type.ts'
import type { ExportedIndicator, ExportFormat, ExportWriter, Written } from '../exported.ts'
import { ownUuid } from '../stix-id.ts'
import { checkSigmaRules, type SigmaDocument } from './sigma-rule.ts'

/** A folder with a file for each rule, as converters read it: one that they cannot read costs none of the others. */
export const sigma: ExportFormat = {
  name: 'sigma',
  label: 'Sigma rules: a YAML file each, for sigma-cli and SIEMs that read it',
  shape: 'folder',
  extension: '',
  types: new Set(['sigma']),
  withdrawn: false,
  removals: false,
  parameters: {},
  start: () => new CollectionWriter(),
}

/** Of which each is kept in memory by its id. */
const RULES_MAX = 200_000
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

class CollectionWriter implements ExportWriter {
  readonly #ids = new Set<string>()

  begin(): [] {
    return []
  }

  add(indicator: ExportedIndicator): Written {
    const checked = checkSigmaRules(indicatorText(indicator))
    if ('left' in checked) return checked
    const { rules } = checked
    if (this.#ids.size + rules.length > RULES_MAX) return { left: `a collection takes ${RULES_MAX} rules` }
    return {
      pieces: rules.map((rule, number) => ({
        file: rules.length === 1 ? `${indicator.id}.yml` : `${indicator.id}-${number + 1}.yml`,
        text: this.#marked(rule, indicator, number),
      })),
    }
  }

  end(): [] {
    return []
  }

  /** With an id that no other rule here has, and with whose it is. */
  #marked(rule: SigmaDocument, { id, nations, tlp }: ExportedIndicator, number: number): string {
    const said = String(rule.get('id') ?? '').toLowerCase()
    const isFree = UUID.test(said) && !this.#ids.has(said)
    const uuid = isFree ? said : ownUuid('sigma', id, String(number))
    this.#ids.add(uuid)
    rule.set('id', uuid)
    rule.set('tocsin', { indicator: id, nations: [...nations], tlp })
    rule.directives.docStart = null
    write11(rule)
    return rule.toString({ lineWidth: 0 })
  }
}

/** What YAML 1.1, which converters read, takes for a time, a default or a merge, and fails on where it is none. */
const ODD_IN_11 = /^(?:\d{4}-\d\d?-\d\d?.*|=|<<)$/s

/** So that converters read what was checked here: they know YAML 1.1, and less of what may stand in a line. */
function write11(rule: SigmaDocument): void {
  visit(rule, {
    Collection: (_, node) => {
      node.flow = false
    },
    Scalar: (_, node) => {
      if (node.type === Scalar.PLAIN && ODD_IN_11.test(node.source ?? '')) node.type = Scalar.QUOTE_DOUBLE
    },
  })
}
