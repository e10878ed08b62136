import type { Command } from 'commander'
import type { CliContext } from '../terminal/context.ts'
import { type OutputFormat, outputOption } from '../terminal/output.ts'

export function addDoctorCommand(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .description('why a connection does not come about: the failing check, in order, for each peer and address')
    .argument('[nation or peer key]', 'whom to look at (default: everybody)')
    .addOption(outputOption())
    .action(async (target: string | undefined, { output }: { output: OutputFormat }) => {
      const { runDoctor } = await import('./doctor-run.ts')
      await runDoctor(context, target, output)
    })
}
