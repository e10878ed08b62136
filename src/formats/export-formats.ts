import type { ExportFormat } from './exported.ts'
import { stixBundle } from './out-stix.ts'

/** Every format of `tocsin export`, by its name. */
export const EXPORT_FORMATS: ReadonlyMap<string, ExportFormat> = new Map(
  [stixBundle].map(format => [format.name, format]),
)
