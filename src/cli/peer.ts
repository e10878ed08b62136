import type { Command } from 'commander'
import type { PeerStatus } from '../node/node-service.ts'
import type { CliContext } from './context.ts'
import { type OutputFormat, outputOption, printRows, type Shape, timeCell } from './output.ts'

const PEERS: Shape<PeerStatus> = {
  columns: [
    { name: 'nation', cell: peer => peer.nation },
    { name: 'status', cell: peer => peer.nationStatus },
    { name: 'peer', cell: peer => peer.peer },
    { name: 'state', cell: peer => peer.state },
    { name: 'since', cell: peer => timeCell(peer.sinceMs) },
    { name: 'address', cell: peer => peer.address || peer.addresses.join(' ') },
    { name: 'last_sync', cell: peer => timeCell(peer.lastSyncMs) },
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
}
