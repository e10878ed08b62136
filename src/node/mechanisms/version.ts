import { readFileSync } from 'node:fs'

const manifest: { readonly version: string } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
)

export const VERSION: string = manifest.version
/** What peers see of this software. */
export const AGENT = `tocsin/${VERSION}`
