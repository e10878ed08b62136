import type { ExportFormat } from '../exported.ts'
import { exportHeading } from './export-heading.ts'
import { choiceOf } from './export-parameter.ts'
import { neverBlocked } from './never-blocked.ts'

const parameters = {
  address: { default: '0.0.0.0', label: 'what a listed name resolves to: 0.0.0.0, 127.0.0.1, :: or ::1' },
} as const

/** A line a name. A hosts file knows no wildcards: names below a listed one resolve as ever. */
export const hosts: ExportFormat = {
  name: 'hosts',
  label: 'Hosts file, for machines without a resolver of their own and for DNS filters: exact names only',
  shape: 'file',
  extension: '.hosts',
  types: new Set(['domain']),
  withdrawn: false,
  removals: false,
  parameters,
  start(context) {
    const address = choiceOf(context, parameters, 'address', ['0.0.0.0', '127.0.0.1', '::', '::1'])
    const never = neverBlocked(context)
    return {
      begin: () => [{ file: '', text: exportHeading(context) }],
      add({ value }) {
        const left = never.whyNotDomain(value)
        return left === undefined ? { pieces: [{ file: '', text: `${address} ${value}\n` }] } : { left }
      },
      end: () => [],
    }
  },
}
