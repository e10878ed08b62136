import { resolve } from 'node:path'
import { writeWhole } from '../../node/home/home.ts'
import type { CliContext } from '../terminal/context.ts'

export interface BundleRequestOptions {
  readonly outputFile: string
  readonly force?: boolean
}

export async function writeBundleRequest(context: CliContext, options: BundleRequestOptions): Promise<void> {
  const bytes = await context.client().requestBundle()
  await writeWhole(resolve(options.outputFile), bytes, { replace: options.force === true })
  context.say(`${bytes.length} bytes written to ${options.outputFile}. Give it to whoever is to make a bundle for you:`)
  context.say(`there: tocsin bundle export --request ${options.outputFile} -O bundle.tocsin`)
}
