import type { ExportedIndicator, ExportFormat, ExportWriter } from '../exported.ts'

/** Where ClamAV 1.x looks for each: it knows no SHA-512. */
const EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ['md5', '.hdb'],
  ['sha1', '.hsb'],
  ['sha256', '.hsb'],
])

/** The functionality level from which a size may be unknown. */
const LEVEL_OF_UNKNOWN_SIZE = 73

/**
 * `hash:*:Tocsin.ID:73`, where ID is what `tocsin indicator show` takes. A file stands only where something is in it:
 * ClamAV takes an empty one for damage.
 */
export const clamav: ExportFormat = {
  name: 'clamav',
  label: 'ClamAV signatures: .hdb and .hsb files of hashes, to put into its database folder',
  shape: 'folder',
  extension: '',
  types: new Set(EXTENSIONS.keys()),
  withdrawn: false,
  removals: false,
  parameters: {},
  start(context): ExportWriter {
    return {
      begin: () => [],
      add: indicator => ({
        pieces: [{ file: `${context.name}${EXTENSIONS.get(indicator.type)!}`, text: signature(indicator) }],
      }),
      end: () => [],
    }
  },
}

function signature({ id, value }: ExportedIndicator): string {
  return `${value}:*:Tocsin.${id}:${LEVEL_OF_UNKNOWN_SIZE}\n`
}
