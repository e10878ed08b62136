import { toHex } from '../../base/bytes.ts'
import { UserError } from '../../base/errors.ts'
import { encodeKemKeys, KEM_SECRETS_MAX, type KemSecret, parseKemKeys } from '../../crypto/node-key-file.ts'
import { DAY_MS } from '../../registry/doc-fields.ts'
import type { KemRecord } from '../../registry/kem-key.ts'
import type { NationChange } from '../../registry/next-nation.ts'
import { KEY_STATUS } from '../../registry/node-key.ts'
import { exists, type Home, readKemKeys, writeWhole } from '../home/home.ts'
import type { OwnNation } from '../home/own-nation.ts'
import { ownKemKey } from '../opening/epoch-keys.ts'
import { toKemKey } from './founding.ts'
import { KEM_HEAD_START_DAYS, KEM_WINDOWS, type KeyPorts, newKemSecrets } from './new-keys.ts'

/** secrets whose window ended longer ago are destroyed. */
const KEPT_AFTER_END_DAYS = 30

/** KEM keys for the next document, and every secret that the home then holds. */
export interface KemCeremony {
  /** When it was planned. */
  readonly held: readonly KemSecret[]
  readonly changes: readonly NationChange[]
  readonly secrets: readonly KemSecret[]
  readonly added: number
}

/**
 * Sixteen windows from now on: those that are missing are made. Secrets that a ceremony left behind which did not
 * come to a document are used first. `compromised`: all keys of the document are given up, and sixteen others made.
 * Throws UserError `nation-observes` where the home holds no KEM key at all, `nation-change-void` where none is missing.
 */
export async function planKemCeremony(
  { home, doc }: Pick<OwnNation, 'home' | 'doc'>,
  compromised: boolean,
  { clock, random }: KeyPorts,
): Promise<KemCeremony> {
  const nowMs = clock.now()
  const held = await readKemKeys(home)
  if (held.length === 0 && doc.kems.length === 0) throw observes(home)
  const active = compromised ? [] : doc.kems.filter(kem => kem.status === KEY_STATUS.ACTIVE)
  const ahead = active.filter(kem => kem.untilMs > nowMs).length
  const named = new Set(doc.kems.map(kem => toHex(kem.keyId)))
  const startMs = Math.max(nowMs - KEM_HEAD_START_DAYS * DAY_MS, ...active.map(kem => kem.untilMs))
  const left = compromised ? [] : leftBehind(held, named, startMs)
  const fromMs = left.at(-1)?.untilMs ?? startMs
  const made = newKemSecrets(random, fromMs, Math.max(0, KEM_WINDOWS - ahead - left.length))
  const fresh = [...left, ...made].slice(0, KEM_WINDOWS - ahead)
  if (fresh.length === 0) throw full(active)
  const add: NationChange = { kind: 'add-kems', kems: fresh.map(toKemKey) }
  return {
    held,
    changes: compromised ? [{ kind: 'compromise-kems' }, add] : [add],
    secrets: [...keptOf(held, named, nowMs, made.length), ...made],
    added: fresh.length,
  }
}

/** What was brought here since it was planned stays. */
export async function writeCeremony(
  { home, nation }: Pick<OwnNation, 'home' | 'nation'>,
  { held, secrets }: KemCeremony,
): Promise<void> {
  const planned = new Set(held.map(({ seed }) => toHex(seed)))
  const since = (await readKemKeys(home)).filter(({ seed }) => !planned.has(toHex(seed)))
  await writeWhole(home.kemKeys, encodeKemKeys(nation, [...secrets, ...since]), { replace: true })
}

/** Secrets of another site of the nation, beside those that are here. Throws UserError `key-file-*`. */
export async function addKemKeys(home: Home, nation: string, bytes: Uint8Array): Promise<number> {
  const { nation: theirs, keys } = parseKemKeys(bytes)
  if (theirs !== nation) {
    throw new UserError('key-file-other', `the file holds the KEM keys of ${theirs}, and this is a node of ${nation}`, {
      fix: 'Take the file that was made at a node of this nation.',
    })
  }
  const held = (await exists(home.kemKeys)) ? await readKemKeys(home) : []
  const known = new Set(held.map(({ seed }) => toHex(seed)))
  const added = keys.filter(({ seed }) => !known.has(toHex(seed)))
  await writeWhole(home.kemKeys, encodeKemKeys(theirs, [...held, ...added]), { replace: true })
  return added.length
}

/** Those that a document names, and the newest of the others: a proposal that is not signed yet may name them. */
function keptOf(held: readonly KemSecret[], named: ReadonlySet<string>, nowMs: number, added: number): KemSecret[] {
  const kept = held.filter(secret => secret.untilMs + KEPT_AFTER_END_DAYS * DAY_MS > nowMs)
  const excess = Math.max(0, kept.length + added - KEM_SECRETS_MAX)
  const dropped = new Set(kept.filter(secret => !named.has(toHex(ownKemKey(secret).keyId))).slice(0, excess))
  return kept.filter(secret => !dropped.has(secret))
}

/** In a chain from `startMs` on: windows without a gap, as one ceremony made them. */
function leftBehind(held: readonly KemSecret[], named: ReadonlySet<string>, startMs: number): KemSecret[] {
  const chain: KemSecret[] = []
  for (const secret of held.toSorted((a, b) => a.fromMs - b.fromMs)) {
    if (named.has(toHex(ownKemKey(secret).keyId))) continue
    if (secret.fromMs === (chain.at(-1)?.untilMs ?? startMs)) chain.push(secret)
  }
  return chain
}

function observes(home: Home): UserError {
  return new UserError('nation-observes', `${home.path} observes: it holds no KEM key, and no body is sealed to it`, {
    fix: 'A nation that is to read needs the role RECEIVE and a home of its own: tocsin nation create',
  })
}

function full(active: readonly KemRecord[]): UserError {
  const end = new Date(Math.max(...active.map(kem => kem.untilMs))).toISOString().slice(0, 10)
  return new UserError('nation-change-void', `${KEM_WINDOWS} KEM windows are there already, until ${end}`, {
    fix: 'There is nothing to do until the first of them has ended. If they are in other hands: --compromised',
  })
}
