import { expect, test } from 'vitest'
import { visibleJson, visibleText } from '../../src/base/visible-text.ts'
import { describeRegistryChange } from '../../src/registry/describe-change.ts'
import { parseRegistryDoc } from '../../src/registry/registry-doc.ts'
import { entry, foundRegistry, nextRegistry, signRegistry } from '../support/registry-world.ts'

/** Soft hyphen, zero width space and joiners, word joiner, byte order mark, a tag, C1, and marks of direction. */
const hidden = ['\u00ad', '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u{e0041}', '\u009b', '\u202e', '\u2029']

test.each(hidden)('%j cannot hide in what is shown, and JSON keeps its value', char => {
  const text = `D${char}EU`
  expect(visibleText(text)).toMatch(/^D(\\u[0-9a-f]{4})+EU$/)
  expect(JSON.parse(visibleJson(JSON.stringify(text)))).toBe(text)
  expect(visibleJson(JSON.stringify(text))).not.toContain(char)
})

test('text of every script is shown as it is', () => {
  for (const text of ['Österreich', 'Ελλάδα', 'България', 'საქართველო', '日本', 'a b'])
    expect(visibleText(text)).toBe(text)
})

test('a label that differs by what nobody sees is told as another', () => {
  const first = foundRegistry()
  const next = signRegistry(
    nextRegistry(first, { nations: [entry('AAA'), entry('BBB', { label: 'Nation\u200b BBB' })] }),
  )
  const lines = describeRegistryChange(parseRegistryDoc(first.signed), parseRegistryDoc(next.signed))
  expect(lines.join('\n')).toContain('"Nation\\u200b BBB", not "Nation BBB"')
})
