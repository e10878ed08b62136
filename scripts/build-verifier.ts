/** Writes `dist/tocsin-verifier.html`, the portable verifier, and says its SHA-256. */
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildVerifierPage } from './verifier-page.ts'

const dist = join(import.meta.dirname, '../dist')
const page = await buildVerifierPage()
await mkdir(dist, { recursive: true })
await writeFile(join(dist, 'tocsin-verifier.html'), page)
process.stderr.write(`${createHash('sha256').update(page).digest('hex')}  dist/tocsin-verifier.html\n`)
