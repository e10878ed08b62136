import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Programs of the system stand there too for whoever is not root. */
const PLACES = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']

/** Where a program of Debian is; undefined where it is not, and then it says what to install. */
export function debianTool(name: string, debianPackage: string): string | undefined {
  const path = PLACES.map(place => join(place, name)).find(candidate => existsSync(candidate))
  if (path === undefined) console.warn(`skipped: ${name} is not here; Debian has it in ${debianPackage}`)
  return path
}
