import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import type { MispFeed } from '../config/feeds-config.ts'
import { readCapped } from '../home/home.ts'
import { fileFault } from '../mechanisms/file-fault.ts'
import { readManifest } from './misp-feed-folder.ts'
import { MANIFEST, type MispManifest, parseMispManifest } from './misp-manifest.ts'
import type { Fetch } from './taxii-client.ts'

/** By what a server tells whether its manifest has changed. */
export interface ManifestTag {
  readonly etag: string
  readonly modified: string
}

export const NO_TAG: ManifestTag = { etag: '', modified: '' }

/** Where the files of a MISP feed are. */
export interface MispFeedSource {
  /** Undefined where it is as it was under that tag. */
  manifest(since: ManifestTag): Promise<{ readonly manifest: MispManifest; readonly tag: ManifestTag } | undefined>
  /** Throws UserError. */
  event(id: string): Promise<Uint8Array>
}

export function webMispFeed(url: string, fetch: Fetch): MispFeedSource {
  const base = new URL(url.endsWith('/') ? url : `${url}/`)
  return {
    async manifest({ etag, modified }) {
      const at = new URL(MANIFEST, base)
      const { status, headers, body } = await fetch(at, {
        accept: 'application/json',
        ...(etag !== '' && { 'if-none-match': etag }),
        ...(modified !== '' && { 'if-modified-since': modified }),
      })
      if (status === 304) return undefined
      const tag = { etag: headers.etag ?? '', modified: headers['last-modified'] ?? '' }
      return { manifest: parseMispManifest(at.href, body), tag }
    },
    event: async id => (await fetch(new URL(`${id}.json`, base), { accept: 'application/json' })).body,
  }
}

export function folderMispFeed(folder: string, { mibMax }: Pick<MispFeed, 'mibMax'>): MispFeedSource {
  return {
    manifest: async () => ({ manifest: await readManifest(folder), tag: NO_TAG }),
    event: id => readEvent(join(folder, `${id}.json`), mibMax * 1024 * 1024),
  }
}

async function readEvent(path: string, bytesMax: number): Promise<Uint8Array> {
  try {
    return await readCapped(path, bytesMax)
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw new UserError('file-unreadable', `${path} cannot be read: ${fileFault(cause)}`, { cause })
  }
}
