/**
 * Fills the worked examples and tables of `proto/README.md` anew, in place. With `--full NAME` it writes nothing and
 * prints the example NAME with every value whole; with `--list`, the names.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { installNative } from '../src/crypto/native.ts'
import { formatFull } from './spec/example.ts'
import { fillReadme, specExamples } from './spec/readme.ts'

installNative()
const { values } = parseArgs({ options: { full: { type: 'string' }, list: { type: 'boolean' } } })

if (values.list === true) {
  console.log(
    specExamples()
      .map(({ name }) => name)
      .join('\n'),
  )
} else if (values.full !== undefined) {
  const example = specExamples().find(({ name }) => name === values.full)
  if (example === undefined) throw new Error(`there is no example ${values.full}; --list names them`)
  console.log(formatFull(example))
} else {
  const path = join(import.meta.dirname, '../proto/README.md')
  const text = readFileSync(path, 'utf8')
  const filled = fillReadme(text)
  if (filled === text) console.log('nothing changed')
  else writeFileSync(path, filled)
}
