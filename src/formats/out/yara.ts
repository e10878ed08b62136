import { indicatorText } from '../../indicator/type.ts'
import type { ExportContext, ExportedIndicator, ExportFormat, ExportPiece, ExportWriter, Written } from '../exported.ts'
import { exportHeading } from './export-heading.ts'
import { checkYaraRules, type YaraRules } from './yara-rule.ts'

/**
 * A folder with a file for each indicator, to be compiled alone, and `index.yar` that includes those which compile for
 * sure: one that does not would cost all others there. Tools that read the folder file by file have all of them.
 */
export const yara: ExportFormat = {
  name: 'yara',
  label: 'YARA rules: a file each, and index.yar that includes those which are sure to compile with others',
  shape: 'folder',
  extension: '',
  types: new Set(['yara']),
  withdrawn: false,
  removals: false,
  parameters: {},
  start: context => new CollectionWriter(context),
}

/** Of which each is kept in memory by its name. */
const RULES_MAX = 200_000
const NAME_LENGTH_MAX = 100
const ID_DIGITS = 8

class CollectionWriter implements ExportWriter {
  readonly #context: ExportContext
  readonly #names = new Set<string>()

  constructor(context: ExportContext) {
    this.#context = context
  }

  begin(): readonly ExportPiece[] {
    return [{ file: 'index.yar', text: exportHeading(this.#context, '//') }]
  }

  add(indicator: ExportedIndicator): Written {
    const text = indicatorText(indicator)
    const checked = checkYaraRules(text)
    if ('left' in checked) return checked
    if (this.#names.size + checked.rules.length > RULES_MAX) return { left: `a collection takes ${RULES_MAX} rules` }
    const names = this.#namesFor(checked, indicator.id)
    if (new Set(names.values()).size < names.size) return { left: 'two of its rules have one name' }
    for (const name of names.values()) this.#names.add(name)
    const file = `${indicator.id}.yar`
    return {
      pieces: [
        { file, text: `${rewritten(text, checked, names, indicator)}\n` },
        ...(checked.isPlain ? [{ file: 'index.yar', text: `include "./${file}"\n` }] : []),
      ],
    }
  }

  end(): readonly ExportPiece[] {
    return []
  }

  /** Their own, or with the id of the indicator where another rule has it already. */
  #namesFor({ rules }: YaraRules, id: string): ReadonlyMap<string, string> {
    return new Map(
      rules.map(({ name }) => {
        const isFree = !this.#names.has(name) && name.length <= NAME_LENGTH_MAX
        return [name, isFree ? name : `${name.slice(0, NAME_LENGTH_MAX)}_${id.slice(0, ID_DIGITS)}`]
      }),
    )
  }
}

interface Edit {
  readonly at: number
  readonly length: number
  readonly text: string
}

/** With new names, and with whose they are. */
function rewritten(
  text: string,
  { rules, references }: YaraRules,
  names: ReadonlyMap<string, string>,
  { id, nations, tlp }: ExportedIndicator,
): string {
  const fields = `\n\t\ttocsin_id = "${id}"\n\t\ttocsin_nations = "${nations.join(', ')}"\n\t\ttocsin_tlp = "${tlp}"\n`
  const edits: Edit[] = [
    ...rules.map(({ name, nameAt }) => ({ at: nameAt, length: name.length, text: names.get(name)! })),
    ...rules.map(({ metaAt, hasMeta }) => ({ at: metaAt, length: 0, text: hasMeta ? fields : `\n\tmeta:${fields}` })),
    ...references.map(({ name, at }) => ({ at, length: name.length, text: names.get(name)! })),
  ]
  return edits
    .sort((a, b) => b.at - a.at)
    .reduce((edited, { at, length, text: by }) => edited.slice(0, at) + by + edited.slice(at + length), text)
}
