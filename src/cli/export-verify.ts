import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { fromHex, toHex } from '../base/bytes.ts'
import { UserError } from '../base/errors.ts'
import { parseNationId } from '../base/ids.ts'
import { parseClaim } from '../node/ceremonies/founding-trust.ts'
import {
  type Alliance,
  openAlliance,
  pinAlliance,
  readAllianceFile,
  readInput,
} from '../node/home/founding-alliance.ts'
import { readNodeHome } from '../node/home/own-nation.ts'
import {
  type ExportManifest,
  MANIFEST_BYTES_MAX,
  MANIFEST_SUFFIX,
  parseManifest,
} from '../node/outlets/export-manifest.ts'
import { nameOf } from '../registry/describe.ts'
import { KEY_STATUS } from '../registry/node-key.ts'
import type { CliContext } from './terminal/context.ts'
import { EXIT_NO, EXIT_OK } from './terminal/exit.ts'
import { type OutputFormat, printRecord, type Shape, timeCell } from './terminal/output.ts'

type Verified = Omit<ExportManifest, 'files' | 'alliance'> & {
  /** Of the key that signed it, in the document of the nation in force here. */
  readonly keyStatus: string
  readonly files: number
  readonly stale: boolean
}

const VERIFIED: Shape<Verified> = {
  columns: [
    { name: 'export', cell: each => each.name },
    { name: 'format', cell: each => each.format },
    { name: 'nation', cell: each => each.nation },
    { name: 'node', cell: each => each.node.slice(0, 16) },
    { name: 'key', cell: each => each.keyStatus },
    { name: 'serial', cell: each => each.serial },
    { name: 'indicators', cell: each => each.indicators },
    { name: 'files', cell: each => each.files },
    { name: 'made', cell: each => timeCell(each.madeMs) },
    { name: 'checked', cell: each => timeCell(each.checkedMs) },
    { name: 'stale from', cell: each => timeCell(each.staleMs) },
    { name: 'held', cell: each => each.held },
  ],
}

export interface VerifyOptions {
  /** Whose documents decide instead of those of the home. */
  readonly alliance?: string
  readonly trust?: string
  /** Of the live export that it has to be. */
  readonly of?: string
  readonly output: OutputFormat
}

/** By the alliance of the home, or of a file where there is none; needs no daemon. */
export async function verifyExport(context: CliContext, path: string, options: VerifyOptions): Promise<void> {
  const { of: name, output } = options
  const at = resolve(path)
  const alliance = await allianceOf(context, options)
  const manifest = parseManifest(await readInput(`${at}${MANIFEST_SUFFIX}`, MANIFEST_BYTES_MAX))
  const { directory } = alliance
  if (manifest.alliance !== toHex(directory.allianceId)) throw forged('it is of another alliance')
  const key = fromHex(manifest.node)
  const doc = directory.member(parseNationId(manifest.nation))?.doc
  const node = doc?.nodes.find(({ signPk }) => signPk !== undefined && Buffer.compare(signPk, key) === 0)
  if (node === undefined) throw forged(`its key is none of ${manifest.nation}`)
  if (name !== undefined && name !== manifest.name) throw forged(`it is of the export ${manifest.name}`)
  if (node.status === KEY_STATUS.COMPROMISED) throw forged(`${manifest.nation} says that its key is compromised`)
  await checkFiles(at, manifest)
  const { files, alliance: _, ...said } = manifest
  const stale = Date.now() >= manifest.staleMs
  const keyStatus = nameOf(KEY_STATUS, node.status)
  await printRecord(context.out, output, { ...said, keyStatus, files: files.length, stale }, VERIFIED)
  for (const sentence of manifest.behind) context.say(`It may lack something: ${sentence}.`)
  if (manifest.held > 0) context.say(`${manifest.held} changes were held back by its breaker.`)
  context.say(stale ? 'It is what the node has written, and too old.' : 'It is what the node has written.')
  context.setExitStatus(stale ? EXIT_NO : EXIT_OK)
}

async function allianceOf(context: CliContext, { alliance: file, trust }: VerifyOptions): Promise<Alliance> {
  if (file === undefined && trust === undefined) {
    return (await readNodeHome(context.home(), context.environment)).alliance
  }
  if (file === undefined || trust === undefined) {
    throw new UserError('usage-invalid', '--alliance and --trust belong together', {
      fix: 'Name an alliance file, and the fingerprint that a governor tells.',
    })
  }
  const alliance = openAlliance(await readAllianceFile(file))
  return pinAlliance(alliance.evidence, parseClaim(trust, alliance))
}

async function checkFiles(path: string, { files, name }: ExportManifest): Promise<void> {
  const found = await stat(path).catch(cause => {
    throw new UserError('file-unreadable', `${path} cannot be read`, { cause })
  })
  if (!found.isDirectory()) {
    const [file] = files
    if (files.length !== 1 || file === undefined) throw altered(`the manifest of ${name} is of ${files.length} files`)
    if (file.name !== basename(path)) throw altered(`the manifest is of ${file.name}`)
    return checkFile(path, file)
  }
  const named = new Set(files.map(file => file.name))
  const more = (await readdir(path)).find(each => !named.has(each))
  if (more !== undefined) throw altered(`${join(path, more)} is not of the export`)
  for (const file of files) await checkFile(join(path, file.name), file)
}

async function checkFile(path: string, { sha256, bytes, name }: ExportManifest['files'][number]): Promise<void> {
  const hash = createHash('sha256')
  let length = 0
  try {
    for await (const chunk of createReadStream(path)) {
      hash.update(chunk)
      length += chunk.length
    }
  } catch (cause) {
    throw new UserError('file-unreadable', `${path} cannot be read, and belongs to the export`, { cause })
  }
  if (length !== bytes || hash.digest('hex') !== sha256)
    throw altered(`${basename(path)} is not the ${name} that was signed`)
}

function forged(what: string): UserError {
  return new UserError('export-manifest-forged', `the manifest cannot be trusted: ${what}`)
}

function altered(what: string): UserError {
  return new UserError('export-file-altered', what, {
    fix: 'It was changed after it was written, or is being replaced at this moment: look once more.',
  })
}
