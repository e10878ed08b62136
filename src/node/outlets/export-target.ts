import { readFile } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { exists, writeWhole } from '../home/home.ts'
import { MANIFEST_SUFFIX } from './export-manifest.ts'
import { type ExportStage, isForeign, stageFile, stageFolder } from './export-stage.ts'

/** Where an export goes. */
export interface ExportTarget {
  /** It takes what is new and what left, not the whole. */
  readonly changesOnly: boolean
  /** `known`: the export has been there before. Throws UserError `export-path-used` where something else is in its place. */
  assertFree(known: boolean): Promise<void>
  stage(serial: number): Promise<ExportStage>
  /** What goes beside it, after it. */
  writeManifest(text: string): Promise<void>
}

export interface FileTarget {
  readonly name: string
  readonly path: string
  readonly shape: 'file' | 'folder'
  readonly mode: number
  /** Of the node, where no export is to overwrite anything. */
  readonly home: string
}

export function createFileTarget({ name, path, shape, mode, home }: FileTarget): ExportTarget {
  const manifestPath = `${path}${MANIFEST_SUFFIX}`
  return {
    changesOnly: false,
    async assertFree(known) {
      if (resolve(path).startsWith(resolve(home) + sep)) {
        throw used(name, `${path} lies in the home of the node`)
      }
      if (await isForeign(path, shape)) throw used(name, `${path} is there already, and is no ${shape} of an export`)
      if (known || shape === 'folder' || !(await exists(path))) return
      if ((await nameIn(manifestPath)) !== name) throw used(name, `${path} is there already, and not by this export`)
    },
    stage: serial => (shape === 'file' ? stageFile : stageFolder)({ path, mode, serial }),
    writeManifest: text => writeWhole(manifestPath, text, { mode, replace: true }),
  }
}

/** Of the export that has written what is there; undefined where nobody can tell. */
async function nameIn(manifestPath: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(manifestPath, 'utf8')).signed.name
  } catch {
    return undefined
  }
}

function used(name: string, what: string): UserError {
  return new UserError('export-path-used', what, {
    fix: `Name another path for the export ${name} in config.yaml, or move away what is there.`,
  })
}

/** Lines that a receiver is to be sent, in a file until they are. */
export function createSpoolTarget(spool: string): ExportTarget {
  return {
    changesOnly: true,
    assertFree: () => Promise.resolve(),
    stage: serial => stageFile({ path: spool, mode: 0o600, serial }),
    writeManifest: () => Promise.resolve(),
  }
}
