import type { Command } from 'commander'
import type { PeerStatus } from '../../node/orders/node-service.ts'
import type { CliContext } from '../terminal/context.ts'
import { type OutputFormat, outputOption, printRows, type Shape, timeCell } from '../terminal/output.ts'
import type { PeerSyncOptions } from './peer-sync.ts'

const PEERS: Shape<PeerStatus> = {
  columns: [
    { name: 'nation', cell: peer => peer.nation },
    { name: 'status', cell: peer => peer.nationStatus },
    { name: 'peer', cell: peer => peer.peer },
    { name: 'state', cell: peer => peer.state },
    { name: 'since', cell: peer => timeCell(peer.sinceMs) },
    { name: 'address', cell: peer => peer.address || peer.addresses.join(' ') },
    { name: 'last_sync', cell: peer => timeCell(peer.lastSyncMs) },
    { name: 'faults', cell: peer => peer.faults },
    { name: 'error', cell: peer => peer.lastErrorCode },
    { name: 'reason', cell: peer => peer.lastError },
  ],
}

export function addPeerCommands(program: Command, context: CliContext): void {
  const peer = program.command('peer').description('the nodes of other nations, and our own others')
  peer
    .command('list')
    .description('who is known, who is connected, and why not')
    .addOption(outputOption())
    .action(async ({ output }: { output: OutputFormat }) => {
      const peers = await context.client().peers()
      if (peers.length === 0) context.say('The registry names no other node.')
      await printRows(context.out, output, peers, PEERS)
    })
  peer
    .command('sync')
    .description('fetch what is missing from the connected nodes of a nation, one node, or all')
    .argument('[nation-or-peer]', 'a nation such as DEU, or 8 or more digits of a peer key')
    .option('--follow', 'tell how far it is, and end when it is done: 0 equal, 1 not')
    .addOption(outputOption())
    .action(async (target: string | undefined, options: PeerSyncOptions) => {
      const { runPeerSync } = await import('./peer-sync.ts')
      await runPeerSync(context, target, options)
    })
}
