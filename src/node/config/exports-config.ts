import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { TocsinError } from '../../base/errors.ts'
import type { ExportFormat } from '../../formats/exported.ts'
import { EXPORT_FORMATS } from '../../formats/out/export-formats.ts'
import { parseSyslogTarget } from '../mechanisms/syslog-target.ts'
import { absolutePath, areDistinct, PATH_LENGTH_MAX, partName, whole } from './config-fields.ts'
import { exportFilter } from './export-filter.ts'

const EXPORTS_MAX = 64
const DAY_SECONDS = 86_400

/** Beyond both of `count` and `share` of what the export holds. */
const limit = (count: number, share: number) =>
  z
    .strictObject({
      count: whole(0, 1_000_000_000).default(count),
      share: z.number().min(0).max(1000).default(share),
    })
    .prefault({})

const breaker = z
  .strictObject({
    /** How much may be new within `hours`; beyond it each nation has an equal part. */
    growth: limit(10_000, 0.5),
    /** How much of that one nation may say, and how much it may withdraw within `hours`. */
    perNation: limit(5_000, 0.2),
    /** How much may leave within `hours`, but for what has expired, is withdrawn, or was muted here. */
    shrink: limit(1_000, 0.25),
    hours: whole(1, 720).default(24),
    /** Holds the first export of all, which has nothing to be compared with. */
    holdFirst: z.boolean().default(false),
  })
  .prefault({})

/** One of `exports:` in config.yaml. */
const liveExport = z
  .strictObject({
    name: partName('dns-rpz'),
    format: z.string().refine(isFormat, { message: `must be one of ${[...EXPORT_FORMATS.keys()].join(', ')}` }),
    /** A file, a folder for formats of several files, or where syslog messages go. */
    path: z.string().max(PATH_LENGTH_MAX).refine(isTarget, {
      message: 'must be an absolute path, or udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT for the format cef',
    }),
    filter: exportFilter.prefault({}),
    parameters: z.record(z.string(), z.coerce.string()).default({}),
    /** At most so often. */
    everySeconds: whole(1, DAY_SECONDS).default(60),
    /** For how long whoever reads it may take it for current. */
    staleAfterSeconds: whole(60, 365 * DAY_SECONDS).default(DAY_SECONDS),
    /** For how long formats that tell of removals say that something left. */
    removalsDays: whole(1, 3650).default(30),
    /** Of the files, in octal. */
    mode: z
      .string()
      .regex(/^0?[0-7]{3}$/, { message: 'must be like "0640"' })
      .default('0640'),
    /** Of the certificate authority of a tls:// receiver; those of the system where it is left out. */
    caFile: absolutePath.exactOptional(),
    breaker,
  })
  .superRefine(({ format: name, path, parameters, caFile }, context) => {
    const format = EXPORT_FORMATS.get(name)
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if (format === undefined) return
    const target = parseSyslogTarget(path)
    if (target !== undefined && name !== 'cef') issue('path', 'only the format cef goes to syslog')
    if (caFile !== undefined && target?.kind !== 'tls') issue('caFile', 'is for a tls:// receiver')
    const fault = parameterFault(format, parameters)
    if (fault !== undefined) issue('parameters', fault)
  })

export const exportsSection = z
  .array(liveExport)
  .max(EXPORTS_MAX)
  .refine(all => areDistinct(all, 'name'), { message: 'two have the same name' })
  .refine(all => areDistinct(all, 'path'), { message: 'two have the same path' })
  .default([])

export type LiveExport = Readonly<z.infer<typeof liveExport>>

function isFormat(name: string): boolean {
  return EXPORT_FORMATS.has(name)
}

function isTarget(path: string): boolean {
  return isAbsolute(path) || (parseSyslogTarget(path) !== undefined && !path.startsWith('unix:'))
}

/** Why the format cannot be begun with these; undefined where it can. */
export function parameterFault(format: ExportFormat, parameters: Readonly<Record<string, string>>): string | undefined {
  const { name, parameters: known } = format
  const odd = Object.keys(parameters).find(key => !Object.hasOwn(known, key))
  if (odd !== undefined) {
    const names = Object.keys(known)
    return `${name} has no parameter ${odd}; ${names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`}`
  }
  try {
    const none = { name: 'check', nation: 'AA', allianceName: '', madeMs: 0, serial: 1, allowed: [] }
    format.start({ ...none, parameters })
    return undefined
  } catch (error) {
    if (error instanceof TocsinError) return error.message
    throw error
  }
}
