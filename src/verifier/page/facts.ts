import { element } from './element.ts'

const HEX = /^[0-9a-f]{64}$/

export function drawFacts(facts: readonly (readonly [name: string, value: string])[]): HTMLElement {
  return element(
    'dl',
    { class: 'facts' },
    ...facts.map(([name, value]) =>
      element('div', {}, element('dt', {}, name), element('dd', { class: HEX.test(value) ? 'hex' : undefined }, value)),
    ),
  )
}
