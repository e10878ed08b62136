import { equalBytes, utf8 } from '../../../src/base/bytes.ts'
import { UserError } from '../../../src/base/errors.ts'
import { encodeAudienceInfo, parseAudienceInfo } from '../../../src/policy/audience-info.ts'
import { decodeAudienceName, encodeAudienceName } from '../../../src/policy/audience-name.ts'
import { checkAuditChain } from '../../../src/policy/audit-chain.ts'
import { encodeAuditRecord, NO_RECORD } from '../../../src/policy/audit-record.ts'
import { clearanceText, parseClearance } from '../../../src/policy/clearance.ts'
import { tokenHash, tokenText } from '../../../src/policy/token.ts'
import { assertHolds, type Target } from '../target.ts'
import { textOf } from '../text.ts'

const ID = new Uint8Array(16).fill(9)

const audienceName: Target = {
  name: 'policy-audience-name',
  form: 'bytes',
  lengthMax: 4096,
  seeds: () => [
    Uint8Array.of(1),
    Uint8Array.of(2, 3, 0x41, 0x41, 0x41, ...ID),
    Uint8Array.of(3, 3, 0x41, 0x41, 0x41, 3, 0x42, 0x42, 0x42),
  ],
  run(input) {
    const name = decodeAudienceName(input)
    assertHolds(equalBytes(encodeAudienceName(name), input), 'a name is encoded as it was read')
    return name.kind
  },
}

const audienceInfo: Target = {
  name: 'policy-audience-info',
  form: 'protobuf',
  lengthMax: 8192,
  seeds: () => [
    encodeAudienceInfo(parseAudienceInfo(Uint8Array.of(8, 1, 18, 3, 0x41, 0x41, 0x41))),
    Uint8Array.of(8, 2, 18, 3, 0x41, 0x41, 0x41, 26, 3, 0x41, 0x41, 0x41, 34, 16, ...ID),
  ],
  run(input) {
    const info = parseAudienceInfo(input)
    assertHolds(equalBytes(encodeAudienceInfo(info), input), 'an audience is encoded as it was read')
    return info.kind
  },
}

const clearance: Target = {
  name: 'policy-clearance',
  form: 'text',
  lengthMax: 9000,
  tokens: [
    'tlp=',
    'pap=',
    'groups=',
    'any',
    'none',
    'named',
    'types=',
    'domain',
    'authors=',
    '+',
    'exercise',
    'publish',
  ],
  seeds: () =>
    ['tlp=GREEN,groups=none,types=domain+url,authors=AAA+BBB,pap=AMBER,exercise,publish', 'tlp=RED,groups=any'].map(
      utf8,
    ),
  run(input) {
    const unknown = () => {
      throw new UserError('clearance-invalid', 'no such group')
    }
    const read = parseClearance(textOf(input), unknown)
    const text = clearanceText(read)
    assertHolds(clearanceText(parseClearance(text, unknown)) === text, 'a clearance is read as it is written')
    return `${read.tlp} ${typeof read.groups}`
  },
}

const token: Target = {
  name: 'policy-token',
  form: 'text',
  lengthMax: 256,
  tokens: ['tocsin_'],
  seeds: () => [utf8(tokenText(new Uint8Array(32)))],
  run: input => String(tokenHash(textOf(input))?.length),
}

const event = { kind: 'started', by: 'node', timeMs: 1_790_000_000_000, salt: ID } as const

/** One line of the audit log of a node, as its auditor is given it. */
const auditLine: Target = {
  name: 'policy-audit-line',
  form: 'protobuf',
  lengthMax: 8192,
  seeds: () => [encodeAuditRecord(event, 0, NO_RECORD)],
  run: input => checkAuditChain([{ number: 0, bytes: input }]).kind,
}

export const policyTargets: readonly Target[] = [audienceName, audienceInfo, clearance, token, auditLine]
