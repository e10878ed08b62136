/** The whole check: the rules of the house over all its files. */
import { checkArrows, checkCircles } from './arrows.ts'
import { checkPortable } from './portable.ts'
import { checkPurity } from './purity.ts'
import { type Finding, finding, parseSource, type Source } from './source.ts'
import { checkStyle } from './style.ts'

/**
 * @param files path, relative to the repository, to text; generated code is left out
 * @param dependencies the packages that are installed with the published one
 */
export function checkHouse(files: ReadonlyMap<string, string>, dependencies: ReadonlySet<string>): Finding[] {
  const sources = [...files].map(([path, text]) => parseSource(path, text))
  const house = sources.filter(source => source.path.startsWith('src/'))
  return [
    ...sources.flatMap(checkStyle),
    ...house.flatMap(checkArrows),
    ...house.flatMap(checkPurity),
    ...house.flatMap(source => checkPackages(source, dependencies)),
    ...checkCircles(house),
    ...checkPortable(house),
  ]
}

/** src may use only what a published package brings along. */
function checkPackages(source: Source, dependencies: ReadonlySet<string>): Finding[] {
  return source.imports.flatMap(({ from, start }) => {
    if (from.startsWith('.') || from.startsWith('node:')) return []
    const name = from.split('/', from.startsWith('@') ? 2 : 1).join('/')
    return dependencies.has(name) ? [] : finding('package', source, start, `${name} is not among the dependencies`)
  })
}

export function describeFinding({ rule, path, line, detail }: Finding): string {
  return `${path}${line > 0 ? `:${line}` : ''}: ${rule}: ${detail}`
}
