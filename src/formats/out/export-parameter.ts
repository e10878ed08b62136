import { UserError } from '../../base/errors.ts'
import type { ExportContext, ExportFormat } from '../exported.ts'

type Parameters = ExportFormat['parameters']

/** What is said for a parameter of a format, or its default. */
export function parameterOf(context: ExportContext, parameters: Parameters, name: string): string {
  return context.parameters[name] ?? parameters[name]!.default
}

/** One of a few words. Throws UserError `export-parameter`. */
export function choiceOf<Choice extends string>(
  context: ExportContext,
  parameters: Parameters,
  name: string,
  choices: readonly Choice[],
): Choice {
  const said = parameterOf(context, parameters, name)
  const choice = choices.find(one => one === said)
  if (choice === undefined) throw wrongParameter(name, said, `Use ${choices.join(' or ')}.`)
  return choice
}

export function wrongParameter(name: string, said: string, fix: string): UserError {
  return new UserError('export-parameter', `the parameter ${name} of the export cannot be ${JSON.stringify(said)}`, {
    fix,
  })
}

/** A whole number. Throws UserError `export-parameter`. */
export function numberOf(
  context: ExportContext,
  parameters: Parameters,
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const said = parameterOf(context, parameters, name)
  const value = /^\d{1,15}$/.test(said) ? Number(said) : Number.NaN
  if (!(value >= min && value <= max)) throw wrongParameter(name, said, `Use a whole number from ${min} to ${max}.`)
  return value
}

/** What `pattern` takes, which `wanted` says in words. Throws UserError `export-parameter`. */
export function matchOf(
  context: ExportContext,
  parameters: Parameters,
  name: string,
  { pattern, wanted }: { readonly pattern: RegExp; readonly wanted: string },
): string {
  const said = parameterOf(context, parameters, name)
  if (!pattern.test(said)) throw wrongParameter(name, said, `Use ${wanted}.`)
  return said
}
