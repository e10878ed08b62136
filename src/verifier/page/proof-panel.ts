import type { ProofView } from '../proof-view.ts'
import { element } from './element.ts'
import { drawFacts } from './facts.ts'

export function drawProof({ facts }: ProofView): HTMLElement {
  return element(
    'section',
    { class: 'card', 'aria-labelledby': 'entry' },
    element('h2', { id: 'entry' }, 'The entry'),
    drawFacts(facts),
  )
}
