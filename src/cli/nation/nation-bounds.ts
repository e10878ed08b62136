import { fromHex, toHex } from '../../base/bytes.ts'
import type { ErrorCode } from '../../base/codes.ts'
import { TocsinError } from '../../base/errors.ts'
import { type NationId, parseHash, parseLogId } from '../../base/ids.ts'
import type { BoundView, TreeView } from '../../node/knowledge/log-bounds.ts'
import type { Bound } from '../../registry/doc-fields.ts'
import type { NodeRecord } from '../../registry/node-key.ts'
import { shortId } from '../../registry/phrase.ts'
import type { CliContext } from '../terminal/context.ts'

/** Where the logs of a key that is given up are cut. */

const NO_DAEMON: readonly ErrorCode[] = ['daemon-not-running', 'home-missing']

/** The logs of a node as the running daemon holds them; undefined without one. */
export async function logsOfNode(
  context: CliContext,
  nation: NationId,
  { signPk }: NodeRecord,
  size?: number,
): Promise<readonly BoundView[] | undefined> {
  if (signPk === undefined) return []
  try {
    const views = await context.client().bounds(nation, size)
    return views.filter(({ signKey }) => signKey === toHex(signPk))
  } catch (error) {
    if (error instanceof TocsinError && NO_DAEMON.includes(error.code)) return undefined
    throw error
  }
}

/** For a key that was in no other hands: all that is held of its logs stays. */
export async function closingBounds(
  context: CliContext,
  { nation }: { readonly nation: NationId },
  node: NodeRecord,
): Promise<readonly Bound[]> {
  const logs = await logsOfNode(context, nation, node)
  if (logs === undefined) {
    context.say('No daemon runs here to say where its logs end: the largest checkpoint that a quorum cosigned counts.')
    return []
  }
  for (const { logId, held, closed } of logs) {
    context.say(
      `Its log ${shortId(logId)} keeps all ${held.size} entries${closed ? ', of which the last is its CLOSE' : ''}.`,
    )
    if (!closed) context.say('  ATTENTION: it is not closed; what the node signs from now on counts for nothing.')
  }
  return logs.map(view => boundOf(view, view.held))
}

export function boundOf({ logId }: Pick<BoundView, 'logId'>, { size, root }: TreeView): Bound {
  return { logId: parseLogId(fromHex(logId)), size, root: parseHash(fromHex(root)) }
}
