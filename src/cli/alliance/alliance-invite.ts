import { resolve } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { parseNationId } from '../../base/ids.ts'
import { allianceFileOf } from '../../node/home/founding-alliance.ts'
import { assertAbsent, writeWhole } from '../../node/home/home.ts'
import { STATUS } from '../../registry/registry-doc.ts'
import { fingerprint, trustOf, trustWords } from '../../registry/trust-string.ts'
import type { CliContext } from '../terminal/context.ts'
import { fileStem } from '../terminal/proposal-view.ts'
import { requireAlliance } from './alliance-held.ts'

export interface InviteOptions {
  readonly outputFile?: string
}

/**
 * Writes the file with which a nation's node starts: every document, since each step of the walk is verified anew there,
 * and documents of nations that have left are what their logs are verified by.
 */
export async function inviteNation(context: CliContext, id: string, options: InviteOptions): Promise<void> {
  const { say } = context
  const nation = parseNationId(id)
  const { evidence, directory } = await requireAlliance(context)
  const member = directory.member(nation)
  if (member === undefined || member.status === STATUS.EXPELLED) {
    throw new UserError('registry-not-member', `${nation} is no member of the alliance`, {
      fix: 'Admit it first: tocsin alliance propose admit REQUEST, sign, assemble, apply.',
    })
  }
  const reachable = directory.peers().filter(peer => peer.nation !== nation && peer.addresses.length > 0)
  if (reachable.length === 0) {
    throw new UserError('invite-unreachable', `no node of another nation has an address that ${nation} could dial`, {
      fix: 'Set net.announce in config.yaml to the address of a node, and run "tocsin nation address".',
    })
  }
  const { registry } = directory
  const file = resolve(options.outputFile ?? `${fileStem(registry.name)}-${nation.toLowerCase()}.invite`)
  await assertAbsent(file)
  await writeWhole(file, allianceFileOf(evidence), { mode: 0o644 })
  const trust = trustOf(registry)
  const nations = new Set(reachable.map(peer => peer.nation))
  say(`${file} is for ${nation}. It holds no secret; it names the nodes of ${[...nations].join(', ')} to dial.`)
  say(`Read this to ${nation} by telephone: ${fingerprint(trust)}`)
  say(`  or in words: ${trustWords(trust).join(' ')}`)
  say('There: tocsin init INVITE --trust FINGERPRINT, then tocsin start')
}
