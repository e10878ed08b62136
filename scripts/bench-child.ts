/** Runs the one benchmark whose file is named, and prints its figures. Started by `bench.ts`. */
import { pathToFileURL } from 'node:url'
import { installNative } from '../src/crypto/native.ts'
import { buildFigure, type Report } from './bench-figure.ts'

interface Bench {
  readonly name: string
  run(report: Report): Promise<void>
}

installNative()
const file = process.argv[2]
if (file === undefined) throw new Error('No benchmark file is named.')
const { name, run }: Bench = await import(pathToFileURL(file).href)
await run(measurement => process.stdout.write(`${JSON.stringify(buildFigure(name, measurement))}\n`))
