import { parseTlp, TLP, type Tlp, tlpName } from '../../indicator/marking.ts'
import type { ExportContext, ExportedIndicator, ExportFormat, ExportPiece, ExportWriter, Written } from '../exported.ts'
import { ownUuid } from '../stix-id.ts'
import { mispAttributes } from './misp-claims.ts'
import { eventFrame } from './misp-event.ts'

/** One event of MISP with an attribute for each claim. */
export const mispEvent: ExportFormat = {
  name: 'misp',
  label: 'MISP event as JSON: one attribute for each claim, with its tags and sightings',
  shape: 'file',
  extension: '.json',
  types: undefined,
  withdrawn: true,
  removals: false,
  parameters: {},
  start: context => new EventWriter(context),
}

class EventWriter implements ExportWriter {
  readonly #context: ExportContext
  #separator = ''
  #timestamp = 0
  #tlp: Tlp = TLP.CLEAR

  constructor(context: ExportContext) {
    this.#context = context
  }

  begin(): readonly ExportPiece[] {
    return [piece('{"Event":{"Attribute":[\n')]
  }

  add(indicator: ExportedIndicator): Written {
    const attributes = mispAttributes(indicator, undefined)
    for (const { claim, timestamp } of attributes) {
      this.#timestamp = Math.max(this.#timestamp, timestamp)
      const tlp = parseTlp(claim.tlp)
      if (tlp > this.#tlp) this.#tlp = tlp
    }
    const text = attributes.map(({ json }) => JSON.stringify(json)).join(',\n')
    const pieces = attributes.length === 0 ? [] : [piece(`${this.#separator}${text}`)]
    if (attributes.length > 0) this.#separator = ',\n'
    return { pieces }
  }

  /** Marked as strictly as the strictest attribute: known at the end, and the keys of JSON have no order. */
  end(): readonly ExportPiece[] {
    const { nation, name, allianceName, madeMs } = this.#context
    const frame = eventFrame({
      uuid: ownUuid('event', nation, name),
      info: `Tocsin ${allianceName}: export ${name}`,
      nation,
      tlp: tlpName(this.#tlp),
      dateMs: madeMs,
      timestamp: this.#timestamp,
    })
    return [piece(`\n],${JSON.stringify(frame).slice(1)}}\n`)]
  }
}

function piece(text: string): ExportPiece {
  return { file: '', text }
}
