import type { ExportFormat } from '../exported.ts'
import { exportHeading } from './export-heading.ts'
import { choiceOf } from './export-parameter.ts'
import { neverBlocked } from './never-blocked.ts'

const ZONE_TYPES = {
  nxdomain: 'always_nxdomain',
  nodata: 'always_nodata',
  refuse: 'always_refuse',
  drop: 'always_deny',
} as const

const ACTIONS = ['nxdomain', 'nodata', 'refuse', 'drop'] as const

const parameters = {
  action: { default: 'nxdomain', label: `what is answered for a listed name: ${ACTIONS.join(', ')}` },
} as const

/** `local-zone` lines to include: they hold for a name and all below it, and need no module. `rpz` can say more. */
export const unbound: ExportFormat = {
  name: 'unbound',
  label: 'Local zones of Unbound, to include in its configuration: names with all below them',
  shape: 'file',
  extension: '.conf',
  types: new Set(['domain']),
  withdrawn: false,
  removals: false,
  parameters,
  start(context) {
    const zoneType = ZONE_TYPES[choiceOf(context, parameters, 'action', ACTIONS)]
    const never = neverBlocked(context)
    const allowed = [...new Set(never.domains)].sort().map(name => localZone(name, 'always_transparent'))
    return {
      begin: () => [{ file: '', text: `${exportHeading(context)}server:\n${allowed.join('')}` }],
      add({ value }) {
        const left = never.whyNotDomain(value)
        return left === undefined ? { pieces: [{ file: '', text: localZone(value, zoneType) }] } : { left }
      },
      end: () => [],
    }
  },
}

function localZone(name: string, type: string): string {
  return `  local-zone: "${name}." ${type}\n`
}
