import { lowerAscii } from './domain.ts'
import { invalidValue, quoted } from './invalid.ts'
import { hasControls } from './text.ts'

/** What malware leaves on a machine or says of itself. */

const FILE_NAME_LENGTH_MAX = 255
const NAME_LENGTH_MAX = 1024
/** Long names of hives, and how people shorten them. */
const HIVES: ReadonlyMap<string, string> = new Map([
  ['HKEY_LOCAL_MACHINE', 'HKEY_LOCAL_MACHINE'],
  ['HKLM', 'HKEY_LOCAL_MACHINE'],
  ['HKEY_CURRENT_USER', 'HKEY_CURRENT_USER'],
  ['HKCU', 'HKEY_CURRENT_USER'],
  ['HKEY_CLASSES_ROOT', 'HKEY_CLASSES_ROOT'],
  ['HKCR', 'HKEY_CLASSES_ROOT'],
  ['HKEY_USERS', 'HKEY_USERS'],
  ['HKU', 'HKEY_USERS'],
  ['HKEY_CURRENT_CONFIG', 'HKEY_CURRENT_CONFIG'],
  ['HKCC', 'HKEY_CURRENT_CONFIG'],
])

/** A name without its folder. Case stays: half of the systems tell names by it. */
export function canonicalFileName(text: string): string {
  assertOneLine(text, 'file name', FILE_NAME_LENGTH_MAX)
  if (/[/\\]/.test(text)) throw invalidValue(`${quoted(text)}: a file name has no folder before it`)
  if (text === '.' || text === '..') throw invalidValue(`${quoted(text)} is no name of a file`)
  return text
}

/** The author's step before `canonicalFileName`: NFC, and of a path its last part. */
export function baseFileName(text: string): string {
  const start = Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1
  return text.slice(start).trim().normalize('NFC')
}

/** Hive in full and upper case, the rest in lower case: Windows does not tell keys by case. No separator at the end. */
export function canonicalRegistryKey(text: string): string {
  assertOneLine(text, 'registry key', NAME_LENGTH_MAX)
  const [root = '', ...path] = text.replace(/\\+$/, '').split('\\')
  const hive = HIVES.get(root.replace(/:$/, '').toUpperCase())
  if (hive === undefined) {
    throw invalidValue(`${quoted(text)}: a registry key starts with its hive`, 'Write HKLM\\, HKCU\\ or the like.')
  }
  if (path.length === 0 || path.includes('')) throw invalidValue(`${quoted(text)} names no key below the hive`)
  return [hive, ...path.map(lowerAscii)].join('\\')
}

/** Names of mutexes and user agents are compared byte by byte, and so they stay. */
export function canonicalName(what: string): (text: string) => string {
  return text => {
    assertOneLine(text, what, NAME_LENGTH_MAX)
    return text
  }
}

export function toNfc(text: string): string {
  return text.normalize('NFC')
}

function assertOneLine(text: string, what: string, lengthMax: number): void {
  if (hasControls(text)) throw invalidValue(`${quoted(text)}: a ${what} has no control characters`)
  if (text.length > lengthMax) throw invalidValue(`a ${what} of ${text.length} characters; at most ${lengthMax} go`)
}
