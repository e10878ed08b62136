import { ProtocolError } from '../../base/errors.ts'
import { canonicalValue } from '../../indicator/canonical.ts'
import type { ClaimDraft } from '../../indicator/claim.ts'
import { type ImportRow, refusedRow } from '../import-row.ts'
import type { TypeHint } from '../type-hint.ts'
import { stixPatternOf } from '../type-mapping.ts'
import { parseMoment } from './cell-value.ts'
import { type ReadValue, readValue } from './value-text.ts'
import { readXml, type XmlEvent, XmlSyntaxError } from './xml.ts'

/**
 * OpenIOC 1.0 and 1.1. An item that holds by itself is an indicator; items that hold only together (AND) become one STIX
 * pattern, where STIX can say all of them.
 */
export async function* importOpenIoc(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ImportRow> {
  const document = new IocDocument()
  try {
    for await (const events of readXml(chunks)) {
      for (const event of events) yield* document.push(event)
    }
  } catch (cause) {
    if (!(cause instanceof XmlSyntaxError)) throw cause
    yield* document.lost()
    yield refusedRow(`line ${cause.line}`, 'import-xml-invalid', cause.message, '')
    return
  }
  if (!document.isIoc()) yield refusedRow('file', 'import-xml-invalid', 'this XML is no OpenIOC', '')
}

/** Of one group of items that hold together. */
const GROUP_ITEMS_MAX = 500
const TEXT_LENGTH_MAX = 64 * 1024

/** What OpenIOC searches for, and how its content is read. */
const SEARCHES: ReadonlyMap<string, TypeHint> = new Map<string, TypeHint>([
  ['fileitem/md5sum', 'hash'],
  ['fileitem/sha1sum', 'hash'],
  ['fileitem/sha256sum', 'hash'],
  ['fileitem/sha512sum', 'hash'],
  ['fileitem/filename', 'filename'],
  ['fileitem/peinfo/importhash', 'imphash'],
  ['fileitem/peinfo/imphash', 'imphash'],
  ['dnsentryitem/host', 'host'],
  ['dnsentryitem/recordname', 'host'],
  ['network/dns', 'host'],
  ['network/uri', 'url'],
  ['network/useragent', 'user-agent'],
  ['urlhistoryitem/url', 'url'],
  ['urlhistoryitem/hostname', 'host'],
  ['portitem/remoteip', 'host'],
  ['routeentryitem/destination', 'host'],
  ['arpentryitem/ipv4address', 'host'],
  ['email/from', 'email'],
  ['email/replyto', 'email'],
  ['email/returnpath', 'email'],
  ['registryitem/path', 'registry-key'],
  ['registryitem/keypath', 'registry-key'],
  ['processitem/handlelist/handle/name', 'mutex'],
  ['hookitem/mutex', 'mutex'],
  ['snort/snort', 'suricata'],
  ['yara/yara', 'yara'],
])

type Node =
  | { readonly kind: 'group'; readonly operator: 'AND' | 'OR'; readonly nodes: Node[] }
  | {
      readonly kind: 'item'
      readonly place: string
      readonly text: string
      readonly reason: string
      readonly read: ReadValue
    }

interface Item {
  readonly line: number
  readonly id: string
  readonly condition: string
  readonly negated: boolean
  search: string
  content: string
}

class IocDocument {
  #root = ''
  readonly #groups: Extract<Node, { kind: 'group' }>[] = []
  /** Items of the outermost AND that is open. */
  #grouped = 0
  #item: Item | undefined
  #text = ''
  #count = 0
  readonly #facts: { name?: string; description?: string; source?: string; validFromMs?: number; labels?: string[] } =
    {}
  #iocId = ''

  isIoc(): boolean {
    return this.#root === 'ioc' || this.#root === 'OpenIOC'
  }

  *push(event: XmlEvent): Generator<ImportRow> {
    if (event.kind === 'text') {
      if (this.#text.length < TEXT_LENGTH_MAX) this.#text += event.text.slice(0, TEXT_LENGTH_MAX)
    } else if (event.kind === 'open') {
      this.#text = ''
      this.#open(event)
    } else {
      yield* this.#close(event.name, this.#text.trim())
      this.#text = ''
    }
  }

  #open({ name, attributes, line }: Extract<XmlEvent, { kind: 'open' }>): void {
    if (this.#root === '') this.#root = name
    if (name === 'ioc' || name === 'OpenIOC') {
      this.#iocId = attributes.get('id') ?? ''
      const changedMs = parseMoment(attributes.get('last-modified') ?? attributes.get('published-date') ?? '')
      if (changedMs !== undefined) this.#facts.validFromMs = changedMs
    } else if (name === 'Indicator') {
      const operator = attributes.get('operator')?.toUpperCase() === 'AND' ? 'AND' : 'OR'
      this.#groups.push({ kind: 'group', operator, nodes: [] })
    } else if (name === 'IndicatorItem') {
      const condition = attributes.get('condition') ?? 'is'
      const negated = attributes.get('negate') === 'true'
      this.#item = { line, id: attributes.get('id') ?? '', condition, negated, search: '', content: '' }
    } else if (name === 'Context' && this.#item !== undefined) this.#item.search = attributes.get('search') ?? ''
  }

  *#close(name: string, text: string): Generator<ImportRow> {
    if (name === 'Content' && this.#item !== undefined) this.#item.content = text
    else if (name === 'IndicatorItem' && this.#item !== undefined) yield* this.#endItem(this.#item)
    else if (name === 'Indicator') yield* this.#endGroup()
    else if (this.#groups.length === 0 && text !== '') this.#fact(name, text)
  }

  #fact(name: string, text: string): void {
    if (name === 'short_description') this.#facts.name = text
    else if (name === 'description') this.#facts.description = text
    else if (name === 'authored_by') this.#facts.source = text
    else if (name === 'keywords') this.#facts.labels = text.split(/[\s,;]+/)
    else if (name === 'authored_date' && this.#facts.validFromMs === undefined) {
      const writtenMs = parseMoment(text)
      if (writtenMs !== undefined) this.#facts.validFromMs = writtenMs
    }
  }

  *#endItem(item: Item): Generator<ImportRow> {
    this.#item = undefined
    const node = nodeOf(`item ${++this.#count}, line ${item.line}`, item)
    const group = this.#groups.at(-1)
    if (group === undefined || this.#groups.every(({ operator }) => operator === 'OR')) yield* this.#rows(node, item.id)
    else if (++this.#grouped <= GROUP_ITEMS_MAX) group.nodes.push(node)
    else yield this.#refused(node, 'import-object-too-large', `more than ${GROUP_ITEMS_MAX} items hold only together`)
  }

  *#endGroup(): Generator<ImportRow> {
    const group = this.#groups.pop()
    if (group === undefined || group.nodes.length === 0) return
    const parent = this.#groups.at(-1)
    if (this.#groups.some(({ operator }) => operator === 'AND') && parent !== undefined) {
      parent.nodes.push(group)
      return
    }
    this.#grouped = 0
    yield* this.#rows(group, '')
  }

  /** What of a document that breaks off was waiting for the rest of its group. */
  *lost(): Generator<ImportRow> {
    for (const node of this.#groups.flatMap(itemsIn)) {
      yield this.#refused(node, 'import-xml-invalid', 'the items that it holds together with are missing')
    }
  }

  *#rows(node: Node, id: string): Generator<ImportRow> {
    if (node.kind === 'group' && node.nodes.length === 1) {
      yield* this.#rows(node.nodes[0]!, id)
      return
    }
    if (node.kind === 'item') {
      if (node.read.kind === 'refused') yield this.#refused(node, node.read.code, node.reason)
      else {
        const { type, value, original, warnings, labels } = node.read
        yield this.#claim(
          node.place,
          { type, value, ...(original !== undefined && { original }), labels },
          id,
          warnings,
        )
      }
      return
    }
    yield* this.#compound(node)
  }

  *#compound(group: Node): Generator<ImportRow> {
    const items = itemsIn(group)
    const first = items[0]!
    const pattern = patternOf(group)
    if (pattern !== undefined) {
      try {
        const place = `${first.place} and ${items.length - 1} more`
        yield this.#claim(place, canonicalValue('stix-pattern', pattern), '', [])
        return
      } catch (cause) {
        if (!(cause instanceof ProtocolError)) throw cause
      }
    }
    const reason = 'it holds only together with others, and they cannot be said as one pattern'
    for (const item of items) yield this.#refused(item, 'import-type-unsupported', reason)
  }

  #claim(
    place: string,
    value: ClaimDraft,
    id: string,
    warnings: Extract<ImportRow, { kind: 'claim' }>['warnings'],
  ): ImportRow {
    const sourceId = [this.#iocId, id].filter(part => part !== '').join('/')
    const labels = [...(value.labels ?? []), ...(this.#facts.labels ?? [])]
    return {
      kind: 'claim',
      place,
      draft: { ...this.#facts, ...value, ...(sourceId !== '' && { sourceId }), labels },
      warnings,
    }
  }

  #refused(node: Extract<Node, { kind: 'item' }>, code: Parameters<typeof refusedRow>[1], reason: string): ImportRow {
    return refusedRow(node.place, code, reason, node.text)
  }
}

function nodeOf(place: string, { search, content, condition, negated }: Item): Extract<Node, { kind: 'item' }> {
  const text = `${search} ${condition} ${content}`
  const hint = SEARCHES.get(search.toLowerCase())
  const unsupported = (reason: string): Extract<Node, { kind: 'item' }> => {
    return { kind: 'item', place, text, reason, read: { kind: 'refused', code: 'import-type-unsupported', reason } }
  }
  if (hint === undefined) return unsupported(`"${search.slice(0, 80)}" is no type of indicator here`)
  if (negated) return unsupported('what must be absent is no indicator')
  if (condition !== 'is') return unsupported(`"${condition.slice(0, 40)}" compares with a part of a value`)
  const read = readValue(content, hint)
  return { kind: 'item', place, text, reason: read.kind === 'refused' ? read.reason : '', read }
}

function itemsIn(node: Node): readonly Extract<Node, { kind: 'item' }>[] {
  return node.kind === 'item' ? [node] : node.nodes.flatMap(itemsIn)
}

function patternOf(node: Node): string | undefined {
  if (node.kind === 'item') {
    const said = node.read.kind === 'refused' ? undefined : stixPatternOf(node.read)
    return said?.language === 'stix' ? said.pattern : undefined
  }
  const parts = node.nodes.map(patternOf)
  if (parts.includes(undefined)) return undefined
  return parts.length === 1 ? parts[0] : `(${parts.join(` ${node.operator} `)})`
}
