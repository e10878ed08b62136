import { existsSync } from 'node:fs'
import { type AlertCheck, checkAlertFile } from '../../audit/alert-check.ts'
import type { AuditVerdict } from '../../audit/finding.ts'
import { UserError } from '../../base/errors.ts'
import { visibleText } from '../../base/visible-text.ts'
import { parseTrustClaim, type TrustClaim } from '../../registry/trust-claim.ts'
import { confirmedTrust } from '../terminal/confirmed-trust.ts'
import type { CliContext } from '../terminal/context.ts'
import { EXIT_NO, EXIT_OK, EXIT_UNDECIDED } from '../terminal/exit.ts'
import { openChunks } from '../terminal/file-chunks.ts'
import { type OutputFormat, printRows, type Shape } from '../terminal/output.ts'
import { placeCell } from './alerts-list.ts'

export interface AlertsVerifyOptions {
  readonly trust?: string
  readonly output: OutputFormat
}

interface Row {
  readonly verdict: 'proved' | 'false' | 'missing' | 'note'
  readonly what: string
  readonly nation: string
  readonly place: string
  readonly sentence: string
  readonly effect: string
}

const ROW: Shape<Row> = {
  columns: [
    { name: 'verdict', cell: row => row.verdict },
    { name: 'what', cell: row => row.what },
    { name: 'nation', cell: row => row.nation },
    { name: 'place', cell: row => row.place },
    { name: 'says', cell: row => visibleText(row.sentence) },
    { name: 'effect', cell: row => visibleText(row.effect) },
  ],
}

const ID = /^[0-9a-f]{1,16}$/
const EXIT_OF: Readonly<Record<AuditVerdict, number>> = { proved: EXIT_OK, false: EXIT_NO, missing: EXIT_UNDECIDED }
const SAYS: Readonly<Record<AuditVerdict, string>> = {
  proved: 'It is proved.',
  false: 'Something in it is not true: believe nothing of it.',
  missing: 'It cannot be decided: something is missing.',
}

/** A file is judged without home, daemon and network. */
export async function verifyAlert(context: CliContext, what: string, options: AlertsVerifyOptions): Promise<void> {
  const given = options.trust === undefined ? undefined : parseTrustClaim(options.trust)
  const isId = ID.test(what) && !existsSync(what)
  const check = isId
    ? await checkOfNode(context, what, given)
    : await checkAlertFile(await openChunks(what), trustFor(given))
  await printRows(context.out, options.output, rowsOf(check), ROW)
  context.say(SAYS[check.verdict])
  context.setExitStatus(EXIT_OF[check.verdict])
}

async function checkOfNode(context: CliContext, id: string, given: TrustClaim | undefined): Promise<AlertCheck> {
  const claim = given ?? (await confirmedTrust(context.home().trust))
  const { file } = await context.client().alertFile(id)
  if (file === null) {
    throw new UserError('alert-unprovable', 'that a grant is wrong only those can tell who hold the key for it', {
      fix: 'The author was told in a sealed complaint; ask it to grant anew.',
    })
  }
  return checkAlertFile(inOnePiece(file), trustFor(claim))
}

async function* inOnePiece(file: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield file
}

function trustFor(claim: TrustClaim | undefined): TrustClaim {
  if (claim !== undefined) return claim
  throw new UserError('usage-invalid', 'a proof is judged against the fingerprint of the alliance', {
    fix: 'Add --trust FINGERPRINT, as a governor tells it.',
  })
}

function rowsOf({ alerts, findings }: AlertCheck): Row[] {
  return [
    ...alerts.map(
      ({ kind, nation = '', log = '', at = null, sentence, effect }): Row => ({
        verdict: 'proved',
        what: kind,
        nation,
        place: placeCell({ log, at }),
        sentence,
        effect,
      }),
    ),
    ...findings.map(
      ({ verdict, code, nation = '', log = '', seq = null, sentence }): Row => ({
        verdict,
        what: code,
        nation,
        place: placeCell({ log, at: seq }),
        sentence,
        effect: '',
      }),
    ),
  ]
}
