import { z } from 'zod'
import { UserError } from '../../base/errors.ts'
import { parseJsonText } from '../../base/json-text.ts'

/** What `manifest.json` of a MISP feed names: the version of each event by its uuid. */
export type MispManifest = ReadonlyMap<string, string>

export const MANIFEST = 'manifest.json'
export const MANIFEST_BYTES_MAX = 64 * 1024 * 1024
const EVENTS_MAX = 1_000_000
/** Of all events together: each has some twenty-five. */
const VALUES_MAX = 4_000_000
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

const events = z.record(z.string(), z.object({ timestamp: z.union([z.string().max(40), z.number()]).catch('') }))

/** `path` is for the message. Throws UserError `import-misp-invalid`. */
export function parseMispManifest(path: string, bytes: Uint8Array): MispManifest {
  const manifest = new Map<string, string>()
  for (const [id, { timestamp }] of Object.entries(parse(path, bytes))) {
    // A name from outside becomes a path: only what can be nothing but an id of an event.
    if (!UUID.test(id)) throw invalid(`${path} names ${JSON.stringify(id.slice(0, 80))}, which is no uuid`)
    manifest.set(id, String(timestamp))
  }
  if (manifest.size <= EVENTS_MAX) return manifest
  throw invalid(`${path} names ${manifest.size} events; at most ${EVENTS_MAX} are read`)
}

function parse(path: string, bytes: Uint8Array): z.infer<typeof events> {
  try {
    const result = events.safeParse(parseJsonText(bytes, VALUES_MAX))
    if (result.success) return result.data
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof TypeError)) throw cause
  }
  throw invalid(`${path} is no manifest of a MISP feed`)
}

function invalid(message: string): UserError {
  return new UserError('import-misp-invalid', message, { fix: 'Get the feed again from where it comes.' })
}
