import { toHex } from '../../base/bytes.ts'
import type { NationId } from '../../base/ids.ts'
import { parseTlp } from '../../indicator/marking.ts'
import type { AudienceName } from '../../policy/audience-name.ts'
import { type Audience, exclusionText } from '../../policy/resolve-audience.ts'
import { quoted } from '../../registry/phrase.ts'
import type { Node } from '../daemon.ts'
import type { AudienceText, AudienceView, GroupView, NodeService } from '../orders/node-service.ts'

/** What operators ask of a running node about who can read what. */
export function createAudienceCommands(node: Node): Pick<NodeService, 'audience' | 'groups'> {
  const { nation, audiences, groups, book, config } = node

  function labelOf(of: NationId): string {
    return book.directory().member(of)?.label ?? ''
  }

  function audience(text: AudienceText | undefined, asked: number | undefined): AudienceView {
    const tlp = asked ?? parseTlp(config.publish.tlp)
    const name = audiences.nameOf(text)
    const called = nameText(name, name.kind === 'group' ? groups.get(name)?.name : undefined)
    const resolution = audiences.resolve(name, tlp)
    if (resolution.kind === 'refused') {
      const { code, reason } = resolution
      return { audience: called, tlp, sealed: true, readers: [], excluded: [], refusal: { code, reason } }
    }
    const { sealed, recipients, excluded } = resolution.audience
    return {
      audience: called,
      tlp,
      sealed,
      readers: recipients.map(each => viewOf(each.nation, whyReads(resolution.audience, each.nation))),
      excluded: excluded.map(each => viewOf(each.nation, exclusionText(each.reason, tlp))),
      refusal: undefined,
    }
  }

  function viewOf(of: NationId, why: string) {
    return { nation: of, label: labelOf(of), why }
  }

  function whyReads({ name }: Audience, of: NationId): string {
    if (of === nation) return 'it is the own nation'
    if (name.kind === 'nations') return 'it is named'
    return name.kind === 'group' ? 'it is a member of the group' : 'it is a member of the alliance'
  }

  return {
    audience,
    groups: () =>
      groups.all().map(
        ({ owner, id, version, hash, name, members, maxTlp, conflict }): GroupView => ({
          ...{ owner, id: toHex(id), version, hash: toHex(hash), name, members, maxTlp, conflict },
        }),
      ),
  }
}

function nameText(name: AudienceName, group: string | undefined): string {
  if (name.kind === 'alliance') return 'the whole alliance'
  return name.kind === 'nations' ? name.nations.join(', ') : `the group ${quoted(group ?? '')}`
}
