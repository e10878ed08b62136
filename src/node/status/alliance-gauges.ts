import { DAY_MS } from '../../registry/doc-fields.ts'
import { hasLeft } from '../../registry/nation-history.ts'
import type { EdgeNode } from '../edge.ts'
import type { Counter } from '../orders/node-service.ts'

/** The alliance's documents as measurements. The registry version is measured with the state of the node. */
export function allianceGauges({ book, clock, hints }: Pick<EdgeNode, 'book' | 'clock' | 'hints'>): readonly Counter[] {
  const directory = book.directory()
  const members = directory.members().filter(member => !hasLeft(member))
  const nowMs = clock.now()
  const left = (document: string, expiresMs: number) => ({
    labels: { document },
    value: (expiresMs - nowMs) / DAY_MS,
  })
  const { followed, heldBack } = hints.counts
  return [
    {
      name: 'document_expires_days',
      help: 'Days until a document in force expires; negative when it has (R-1.9).',
      type: 'gauge',
      values: [
        left('registry', directory.registry.expiresMs),
        ...members.flatMap(({ nation, doc }) => (doc === undefined ? [] : left(nation, doc.expiresMs))),
      ],
    },
    {
      name: 'registry_split',
      help: 'Whether governors signed two registries in one place (R-1.5).',
      type: 'gauge',
      values: [{ labels: {}, value: directory.split === undefined ? 0 : 1 }],
    },
    {
      name: 'registry_pins_aside',
      help: 'Pins that contradict one with precedence (R-1.5).',
      type: 'gauge',
      values: [{ labels: {}, value: directory.pinsAside.length }],
    },
    {
      name: 'registry_hints_total',
      help: 'Hints of a newer registry, by whether they were followed (R-1.10).',
      type: 'counter',
      values: [
        { labels: { result: 'followed' }, value: followed },
        { labels: { result: 'held_back' }, value: heldBack },
      ],
    },
  ]
}
