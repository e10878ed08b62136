import type { ExportContext, ExportedIndicator, ExportFormat, ExportPiece, ExportWriter, Written } from '../exported.ts'
import { STIX_PREAMBLE } from '../stix-companion.ts'
import { stixBundleId } from '../stix-id.ts'
import type { StixObject } from '../stix-object.ts'
import { stixCompanionsOf, stixObjectsOf } from './stix-claims.ts'

/** One bundle of STIX 2.1: what each object refers to stands before it, once. */
export const stixBundle: ExportFormat = {
  name: 'stix',
  label:
    'STIX 2.1 bundle, for threat intelligence platforms: one indicator for each claim, with sightings and opinions',
  shape: 'file',
  extension: '.json',
  types: undefined,
  withdrawn: true,
  removals: false,
  parameters: {},
  start: context => new BundleWriter(context),
}

class BundleWriter implements ExportWriter {
  readonly #context: ExportContext
  /** Of identities and marking definitions: a few for each nation. */
  readonly #written = new Set<string>()

  constructor(context: ExportContext) {
    this.#context = context
  }

  begin(): readonly ExportPiece[] {
    const { nation, name, serial, madeMs } = this.#context
    const id = stixBundleId(nation, name, serial, madeMs)
    const preamble = STIX_PREAMBLE.map(object => JSON.stringify(object)).join(',\n')
    return [piece(`{"type":"bundle","id":"${id}","objects":[\n${preamble}`)]
  }

  add(indicator: ExportedIndicator): Written {
    const objects = stixObjectsOf(indicator)
    if ('left' in objects) return objects
    const companions = stixCompanionsOf(indicator).filter(({ id }) => this.#isFirst(id))
    return { pieces: [piece([...companions, ...objects].map(following).join(''))] }
  }

  end(): readonly ExportPiece[] {
    return [piece('\n]}\n')]
  }

  #isFirst(id: string): boolean {
    if (this.#written.has(id)) return false
    this.#written.add(id)
    return true
  }
}

function following(object: StixObject): string {
  return `,\n${JSON.stringify(object)}`
}

function piece(text: string): ExportPiece {
  return { file: '', text }
}
