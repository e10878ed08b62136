import type { Command } from 'commander'
import type { ImportDefaults } from '../../formats/in/import.ts'
import { type Pap, parsePap, parseTlp, type Tlp } from '../../indicator/marking.ts'
import { collect, parseFuture, parseWhole } from './argument.ts'

/** What the operator says of every value of a command. */
export interface ClaimOptions {
  readonly tlp?: Tlp
  readonly pap?: Pap
  readonly exercise?: boolean
  readonly confidence?: number
  readonly label?: readonly string[]
  readonly validUntil?: number
  readonly source?: string
}

export function addClaimOptions(command: Command): Command {
  return command
    .option('--tlp <level>', 'CLEAR, GREEN, AMBER, AMBER+STRICT or RED (default: publish.tlp of config.yaml)', parseTlp)
    .option('--pap <level>', 'permissible actions: CLEAR, GREEN, AMBER or RED', parsePap)
    .option('--exercise', 'of an exercise: never goes to live systems')
    .option('--confidence <0-100>', 'how sure you are', parseWhole(0, 100))
    .option('--label <text>', 'may be repeated', collect)
    .option('--valid-until <time>', 'such as 2027-01-31, or 30d from now', parseFuture)
    .option('--source <text>', 'from whom or what you have it')
}

/** The part of every draft that the options say. */
export function claimDefaults(options: ClaimOptions): ImportDefaults {
  const { tlp, pap, exercise, confidence, label, validUntil, source } = options
  return {
    marking: {
      ...(tlp !== undefined && { tlp }),
      ...(pap !== undefined && { pap }),
      ...(exercise !== undefined && { exercise }),
    },
    ...(confidence !== undefined && { confidence }),
    ...(label !== undefined && { labels: label }),
    ...(validUntil !== undefined && { validUntilMs: validUntil }),
    ...(source !== undefined && { source }),
  }
}
