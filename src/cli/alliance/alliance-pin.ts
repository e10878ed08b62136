import { UserError } from '../../base/errors.ts'
import { parseClaim } from '../../node/ceremonies/founding-trust.ts'
import { pinAlliance } from '../../node/home/founding-alliance.ts'
import { describeRegistryChange } from '../../registry/describe-change.ts'
import { registryBaseOf } from '../../registry/registry-base.ts'
import { fingerprint, type Trust, trustOf } from '../../registry/trust-string.ts'
import type { ValidRegistryDoc } from '../../registry/verify-registry.ts'
import type { CliContext } from '../terminal/context.ts'
import type { OutputFormat } from '../terminal/output.ts'
import { assertConfirmed } from '../terminal/question.ts'
import { takeEffect } from './alliance-effect.ts'
import type { KnownAlliance } from './alliance-held.ts'
import { allianceViewOf, printAlliance } from './alliance-view.ts'

export interface PinOptions {
  readonly yes?: boolean
  readonly output: OutputFormat
}

/** from now on the registry in force here must contain this one, whatever others sign. */
export async function pinBranch(
  context: CliContext,
  alliance: KnownAlliance,
  name: string,
  options: PinOptions,
): Promise<void> {
  const { say, stderr } = context
  const doc = findRegistry(alliance, name)
  const trust = trustOf(doc)
  const pinned = pinAlliance(alliance.evidence, trust)
  // What is agreed to is never passed over, whatever --quiet says.
  for (const line of pinWords(alliance, doc, trust)) stderr.write(`${line}\n`)
  await assertConfirmed(context, options.yes === true, 'Pin this registry?')
  const effect = await takeEffect(context, context.home(), pinned, trust)
  await printAlliance(context, options.output, allianceViewOf(pinned.directory))
  say(effect === 'live' ? 'The running daemon follows it.' : 'It takes effect when the daemon starts: tocsin start')
}

const HASH_DIGITS_MIN = 8

/** By the beginning of its hash, or as it is compared by telephone. Throws UserError `pin-unknown`, and as `parseClaim`. */
export function findRegistry(alliance: KnownAlliance, name: string): ValidRegistryDoc {
  const { registries } = alliance.evidence
  const prefix = name.trim().toLowerCase()
  const isHash = new RegExp(`^[0-9a-f]{${HASH_DIGITS_MIN},64}$`).test(prefix)
  const found = isHash ? [...registries.values()].filter(({ doc }) => doc.hash.startsWith(prefix)) : []
  if (found.length === 1) return found[0]!.doc
  if (isHash && found.length !== 0)
    throw unknown(`${found.length} registries here have a hash that begins with ${prefix}`)
  if (isHash && prefix.length !== FINGERPRINT_DIGITS)
    throw unknown(`no registry here has a hash that begins with ${prefix}`)
  return registries.get(parseClaim(name, alliance).hash)!.doc
}

/** A fingerprint without its dashes can look like a hash. */
const FINGERPRINT_DIGITS = 16

function unknown(message: string): UserError {
  return new UserError('pin-unknown', message, {
    fix: 'Name one that "tocsin alliance log" or "alliance resolve" prints.',
  })
}

function pinWords({ evidence, trust: before }: KnownAlliance, doc: ValidRegistryDoc, trust: Trust): string[] {
  const parent = doc.prevHash && evidence.registries.get(doc.prevHash)?.doc
  const line = registryBaseOf(evidence, doc.hash)?.line ?? []
  const takesBack = before !== undefined && !line.some(({ hash }) => hash === before.hash)
  return [
    ...describeRegistryChange(parent, doc),
    `Its fingerprint is ${fingerprint(trust)}. With the pin this node follows only registries that contain it, whatever others sign.`,
    'Other nodes do so where their operators pin it too: until all agree, this node and others may see different members.',
    ...(takesBack
      ? [`ATTENTION: this takes back the pin of version ${before.version} (fingerprint ${fingerprint(before)}).`]
      : []),
  ]
}
