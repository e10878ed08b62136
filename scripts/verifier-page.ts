/** Puts the portable verifier together: one HTML file with all its script and style, the same bytes from the same source. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Plugin, rolldown } from 'rolldown'

const root = join(import.meta.dirname, '..')
const source = join(root, 'src/verifier')
/** In the order in which one gives way to the next. */
const STYLES = ['base', 'form', 'verdict', 'findings', 'nations', 'logs', 'narrow']

/** protobufjs takes it where it is there; `wire/codec.ts` does without. */
const withoutLong: Plugin = {
  name: 'without-long',
  resolveId: id => (id === 'long' ? '\0long' : null),
  load: id => (id === '\0long' ? 'export {}' : null),
}

/** Not minified: an auditor may want to read what is run. Throws where something has to come from outside. */
export async function bundleForBrowser(entry: string): Promise<string> {
  const bundle = await rolldown({
    input: entry,
    platform: 'browser',
    cwd: root,
    plugins: [withoutLong],
    onLog(_level, log) {
      throw new Error(log.message)
    },
  })
  const { output } = await bundle.generate({ format: 'iife', minify: false, comments: false, codeSplitting: false })
  await bundle.close()
  const [chunk] = output
  if (output.length !== 1) throw new Error(`${entry} did not become one script`)
  return chunk.code
}

/** The whole page. */
export async function buildVerifierPage(): Promise<string> {
  const template = await readFile(join(source, 'page/page.html'), 'utf8')
  const styles = STYLES.map(name => readFile(join(source, 'page/style', `${name}.css`), 'utf8'))
  const style = (await Promise.all(styles)).join('\n')
  const script = await bundleForBrowser(join(source, 'page/main.ts'))
  const worker = await bundleForBrowser(join(source, 'worker.ts'))
  const { version }: { version: string } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  return fill(template, {
    '{{policy}}': policyFor(script, style),
    '{{version}}': version,
    '/* {{style}} */': style,
    '/* {{worker}} */': inScript(worker),
    '/* {{script}} */': inScript(script),
  })
}

function fill(template: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((page, [mark, text]) => {
    if (page.split(mark).length !== 2) throw new Error(`the page does not hold ${mark} once`)
    return page.replace(mark, () => text)
  }, template)
}

/** Nothing may be fetched, from anywhere, and nothing runs but what this file holds. */
function policyFor(script: string, style: string): string {
  return [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    'worker-src blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

/** HTML ends a script at the first end tag, wherever in it that stands. */
function inScript(code: string): string {
  if (/<\/script|<!--/i.test(code)) throw new Error('the script holds what would end it')
  return code
}
