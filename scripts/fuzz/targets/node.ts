import { concat, equalBytes, toHex, utf8 } from '../../../src/base/bytes.ts'
import type { ErrorCode } from '../../../src/base/codes.ts'
import { UserError } from '../../../src/base/errors.ts'
import { parseEdgeAddress, parseRelayedAddress } from '../../../src/net/edge-address.ts'
import { encodeNationFile, parseNationFile } from '../../../src/node/ceremonies/nation-file.ts'
import { encodeNodeFile, parseNodeFile } from '../../../src/node/ceremonies/node-file.ts'
import { encodeProposalFile, parseProposalFile } from '../../../src/node/ceremonies/proposal-file.ts'
import { encodeRootFile, parseRootFile } from '../../../src/node/ceremonies/root-file.ts'
import { encodeSignatureFile, parseSignatureFile } from '../../../src/node/ceremonies/signature-file.ts'
import { parseConfig } from '../../../src/node/config/config.ts'
import { parseOperatorsFile } from '../../../src/node/config/operators-file.ts'
import { parsePolicyFile } from '../../../src/node/config/policy-file.ts'
import { STARTER_POLICY } from '../../../src/node/config/starter-policy.ts'
import { encodeAllianceFile, parseAllianceFile } from '../../../src/node/home/alliance-file.ts'
import { encodeRows, readBackup, writeBackup } from '../../../src/node/home/backup-file.ts'
import { decodeInForce, encodeInForce } from '../../../src/node/knowledge/in-force-record.ts'
import { parseSyslogTarget } from '../../../src/node/mechanisms/syslog-target.ts'
import { parseDraftItem } from '../../../src/node/rules/draft-item.ts'
import { encodeSubmission, parseHeld, parseSubmission } from '../../../src/node/rules/submission.ts'
import { openProposal } from '../../../src/registry/proposal.ts'
import { parseSignedDoc } from '../../../src/registry/signed-doc.ts'
import { BackupHeader } from '../../../src/wire/gen/backup.ts'
import { allianceId, soundExport } from '../../../test/support/audit-world.ts'
import { innerNode, nation, rootSigner, T0 } from '../../../test/support/registry-world.ts'
import { assertHolds, type Target } from '../target.ts'
import { inPieces, textOf } from '../text.ts'

const FILE_BYTES_MAX = 64 * 1024
/** The parser of YAML takes its time, in proportion to the length. */
const YAML_MS = 300
const [registry, ...others] = soundExport.documents.map(parseSignedDoc)
const own = nation('AAA')
const root = rootSigner('root AAA').key

const allianceFile = encodeAllianceFile({ documents: soundExport.documents.slice(0, 1) })
const proposal = { type: registry!.type, docBytes: registry!.docBytes, sigs: registry!.sigs, base: others.slice(0, 1) }
const signature = { type: registry!.type, docHash: registry!.hash, sig: registry!.sigs[0]! }
const nodeFile = encodeNodeFile({ allianceId, nation: own }, innerNode(allianceId, 'AAA', 'second'))

/** The JSON files that people hand to each other. */
const shared: Target = {
  name: 'node-shared-file',
  form: 'text',
  lengthMax: FILE_BYTES_MAX,
  tokens: [
    '"format":',
    '"tocsin-alliance/1"',
    '"tocsin-proposal/1"',
    '"tocsin-nation/1"',
    'null',
    '{}',
    '[]',
    '"',
    '1e999',
    '-1',
    '"__proto__":',
  ],
  seeds: () =>
    [
      allianceFile,
      encodeProposalFile(proposal),
      encodeSignatureFile(signature),
      nodeFile,
      encodeRootFile(own, root),
      nationFile(),
    ].map(utf8),
  run(input) {
    const readers: readonly (() => unknown)[] = [
      () => parseAllianceFile(input, 'a'),
      () => openProposal(parseProposalFile(input, 'a'), T0),
      () => parseSignatureFile(input, 'a'),
      () => parseNationFile(input, 'a'),
      () => parseNodeFile(input, 'a', { allianceId, nation: own }),
      () => parseRootFile(input, 'a', own),
    ]
    const last = readers.length - 1
    for (const [i, read] of readers.entries()) {
      try {
        read()
        return `file ${i}`
      } catch (error) {
        // What the others do not take is told by the last.
        if (i === last || !isOtherFormat(error)) throw error
      }
    }
    return 'none'
  },
}

const OTHER_FORMAT: ReadonlySet<ErrorCode> = new Set([
  'alliance-file-malformed',
  'proposal-malformed',
  'signature-file-malformed',
  'nation-file-malformed',
  'node-file-malformed',
])

function isOtherFormat(error: unknown): boolean {
  return error instanceof UserError && OTHER_FORMAT.has(error.code)
}

function nationFile(): string {
  return encodeNationFile({
    nation: own,
    name: 'A',
    roots: [root],
    rootThreshold: 1,
    governor: { primary: root },
    nodes: [],
    kemKeys: [],
    contacts: [],
  } as unknown as Parameters<typeof encodeNationFile>[0])
}

const policy: Target = {
  name: 'node-policy',
  allowanceMs: YAML_MS,
  form: 'text',
  lengthMax: 16 * 1024,
  tokens: [
    'rules:\n',
    '  - name: a\n',
    '    when: ',
    'action: ',
    'deny',
    'allow',
    '{ tlp: RED }',
    'networks:',
    '192.0.2.0/24',
    '&a',
    '*a',
    '!!',
    '? ',
    '|\n',
  ],
  seeds: () => [STARTER_POLICY, STARTER_POLICY.replaceAll(/^(\s*)# (?=[- ]*\w+:)/gm, '$1')].map(utf8),
  run(input) {
    const { guard, warnings } = parsePolicyFile(textOf(input))
    return `${Math.min(guard.rules.length, 3)} ${warnings.length > 0}`
  },
}

const operators: Target = {
  name: 'node-operators',
  allowanceMs: YAML_MS,
  form: 'text',
  lengthMax: 8192,
  tokens: ['operators:\n', '  - name: a\n', 'key: ', 'roles: [publish]', 'local: []', 'version: 1', '&a', '*a', '<<: '],
  seeds: () => [
    utf8(
      `version: 1\nlocal: [read]\noperators:\n  - name: ann\n    key: ${toHex(root.edPk)}\n    roles: [publish, approve]\n`,
    ),
  ],
  run: input => String(Math.min(parseOperatorsFile(textOf(input)).operators.length, 3)),
}

const config: Target = {
  name: 'node-config',
  allowanceMs: YAML_MS,
  form: 'text',
  lengthMax: 8192,
  tokens: [
    'nation: AAA\n',
    'net:\n',
    '  listen: []',
    '/ip4/192.0.2.1/tcp/7117',
    '/p2p/',
    'syslog: ',
    'udp://',
    '&a [*a]',
    '<<: *a',
    '__proto__: ',
  ],
  seeds: () =>
    [
      'nation: AAA\nnet:\n  listen: [/ip4/127.0.0.1/tcp/7117]\nlog: { level: debug }\naudit: { syslog: "udp://192.0.2.1:514" }\n',
      '[/ip4/127.0.0.1/tcp/7117]',
    ].map(utf8),
  run(input) {
    const text = textOf(input)
    // A line alone is what the environment gives.
    const { net } = text.includes('\n') ? parseConfig(text) : parseConfig('nation: AAA', { TOCSIN_NET__LISTEN: text })
    return `${net.edges.length}`
  },
}

const address: Target = {
  name: 'node-address',
  form: 'text',
  lengthMax: 1024,
  tokens: ['/ip4/', '/ip6/', '/dns4/', '/tcp/', '/p2p/', '/p2p-circuit', 'udp://', 'unix:/', '[::1]', ':514'],
  seeds: () =>
    [
      '/ip4/192.0.2.10/tcp/7117/p2p/12D3KooWA1bysjrTACSWqf6q172inxvwKHUxAnBtVgaVDKMxpZtx',
      '/dns4/edge.example/tcp/7117/p2p/12D3KooWA1bysjrTACSWqf6q172inxvwKHUxAnBtVgaVDKMxpZtx/p2p-circuit',
      'tcp://[2001:db8::1]:601',
    ].map(utf8),
  run(input) {
    const text = textOf(input)
    const found = [parseEdgeAddress(text), parseRelayedAddress(text), parseSyslogTarget(text)]
    return found.map(each => each !== undefined).join(' ')
  },
}

const ITEM = { type: 3, body: Uint8Array.of(10, 16, ...new Uint8Array(16)) }
const submission = { item: ITEM, assertion: 1, audience: Uint8Array.of(1), submitter: undefined, approval: undefined }

/** What a node kept for itself, and may not be able to read any more. */
const record: Target = {
  name: 'node-record',
  form: 'protobuf',
  lengthMax: 8192,
  seeds: () => [
    encodeSubmission(submission),
    encodeInForce({ ranMs: 5, versions: [] }),
    encodeInForce({ ranMs: 5, versions: [{ version: 1, hash: toHex(new Uint8Array(32)), sinceMs: 3 } as never] }),
  ],
  run(input) {
    const read = [parseSubmission(input), parseHeld(input), parseDraftItem(input)].map(each => each !== undefined)
    const inForce = decodeInForce(input)
    assertHolds(equalBytes(encodeInForce(inForce), input), 'a record is encoded as it was read')
    return read.join(' ')
  },
}

const backup: Target = {
  name: 'node-backup',
  form: { kind: 'records', headBytes: 16 },
  lengthMax: FILE_BYTES_MAX,
  seeds: () => [concat(...backupParts), utf8('tocsin-backup/1\n')],
  async run(input) {
    const kinds = new Set<string>()
    for await (const { kind } of readBackup(inPieces(input, 1 + (input.length % 64)))) kinds.add(kind)
    return [...kinds].join(' ')
  },
}

const backupParts: Uint8Array[] = []
const rows = inPieces(encodeRows([[Uint8Array.of(1), Uint8Array.of(2)]]))
const files = [{ name: 'config.yaml', content: utf8('nation: AAA') }]
for await (const part of writeBackup(BackupHeader.empty(), files, rows)) backupParts.push(part)

export const nodeTargets: readonly Target[] = [shared, policy, operators, config, address, record, backup]
