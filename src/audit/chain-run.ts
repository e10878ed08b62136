import { equalBytes } from '../base/bytes.ts'
import type { AllianceId, Hash } from '../base/ids.ts'
import type { LogIdentity } from '../chain/genesis.ts'
import type { VerifySignatureAsync } from '../chain/verify-entry.ts'
import { appendLeaf, type CompactRange, rangeRoot } from '../merkle/compact-range.ts'
import { entrySignatureInput, type ParsedEntry } from '../wire/entry.ts'
import { readEntry } from './entry-reading.ts'
import type { RunFindings } from './run-findings.ts'

/** The chain of one run of entries: form, order, links, signatures and the tree. */
export interface ChainRun {
  add(envelopes: readonly Uint8Array[]): Promise<void>
  /** After the last one: waits for the signatures that are still being checked. */
  end(): Promise<ChainOutcome>
}

export interface ChainOutcome {
  /** Entries looked at. */
  readonly total: number
  readonly signatures: number
  /** Seq after the last entry that was there. */
  readonly size: number
  /** Entries that are lacking between others, as `[from, to)`. */
  readonly lost: readonly (readonly [from: number, to: number])[]
  /** Roots at the sizes that were asked for, as far as the tree is known. */
  readonly roots: ReadonlyMap<number, Hash>
  /** Of all entries; undefined where a gap or a spoiled end keeps it from being known. */
  readonly root: Hash | undefined
}

export interface ChainRunOptions {
  readonly allianceId: AllianceId
  readonly log: LogIdentity
  readonly genesisLeaf: Hash
  readonly from: number
  /** As announced. */
  readonly size: number
  readonly before: CompactRange
  /** Sizes at which somebody says what the root is. */
  readonly sizes: ReadonlySet<number>
  readonly verify: VerifySignatureAsync
  readonly findings: RunFindings
  /** Told of each entry of right form, in the order of the file; a body that is not its own is left out. */
  readonly onEntry: (entry: ParsedEntry, checks: EntryChecks) => void
}

export interface EntryChecks {
  /** Whether its signature holds. */
  readonly sound: Promise<boolean>
  readonly isBodySpoiled: boolean
}

/** The last entry of the chain so far. Its leaf goes into the tree when the next one, or the end, has confirmed it. */
interface Last {
  readonly leaf: Hash | undefined
  readonly sound: Promise<boolean>
}

/** Leaves kept, to tell an entry that stands twice from another one in its place. */
const RECENT_MAX = 512
/** Kept of one run; of more it is forgotten which they are. */
const UNSIGNED_MAX = 65_536
/** Of more the last is said to be longer than it is. */
const GAPS_MAX = 4096
const SOUND = Promise.resolve(true)
const UNSOUND = Promise.resolve(false)

export function createChainRun(options: ChainRunOptions): ChainRun {
  const { allianceId, log, from, sizes, findings, verify, onEntry } = options
  const recent = new Map<number, Last>()
  const unsignedSeqs = new Set<number>()
  const roots = new Map<number, Hash>()
  const lost: [from: number, to: number][] = []
  let tree: CompactRange | undefined = options.before
  let last: Last | undefined
  let next = from
  let total = 0
  let signatures = 0
  let pending: Promise<boolean>[] = []
  let behind: Promise<unknown> = SOUND
  /** The first leaf of the tree that its author neither signed nor named as the one before its next. */
  let doubtfulFrom = Number.POSITIVE_INFINITY
  noteRoot()

  function noteRoot(): void {
    if (tree !== undefined && sizes.has(tree.size)) roots.set(tree.size, rangeRoot(tree))
  }

  function append(leaf: Hash | undefined): void {
    tree = tree && leaf && appendLeaf(tree, leaf)
    noteRoot()
  }

  function isSigned(entry: ParsedEntry): Promise<boolean> {
    return verify(log.signPk, entrySignatureInput(allianceId, entry.headerBytes), entry.signature)
  }

  /** Goes on behind the reading; a signature that fails is found there. */
  function check(entry: ParsedEntry): Promise<boolean> {
    const { seq } = entry.header
    signatures++
    const sound = isSigned(entry).then(valid => {
      if (!valid) unsigned(seq)
      return valid
    })
    pending.push(sound)
    return sound
  }

  function doubt(seq: number): void {
    if (unsignedSeqs.size < UNSIGNED_MAX) unsignedSeqs.add(seq)
    else doubtfulFrom = Math.min(doubtfulFrom, seq)
  }

  /** A root is the author's where each of its leaves is: what a file puts in their place proves nothing against anybody. */
  function dropDoubtfulRoots(): void {
    for (const seq of unsignedSeqs) if (unsignedSeqs.has(seq + 1)) doubtfulFrom = Math.min(doubtfulFrom, seq)
    for (const size of roots.keys()) if (size > doubtfulFrom) roots.delete(size)
  }

  function unsigned(seq: number): void {
    doubt(seq)
    findings.add('entry-signature-invalid', 'false', seq, 'the signature does not verify under the key of the log')
  }

  async function take(bytes: Uint8Array): Promise<void> {
    total++
    const read = readEntry(bytes)
    if (read.kind === 'malformed') {
      findings.add(read.fault.code, 'false', next, read.fault.message)
      return spoil(read.leaf)
    }
    const { entry, fault } = read
    const { seq } = entry.header
    const inPlace = seq === next && seq < options.size && equalBytes(entry.logId, log.logId)
    if (!inPlace && !(await isKeptAside(entry))) return
    if (fault !== undefined) findings.add(fault.code, 'false', seq, fault.message)
    const confirmed = place(entry, fault !== undefined)
    if (confirmed !== undefined) await confirmed
  }

  /** What stands in the place of the next entry and is none. Its successor will name the leaf that belongs there. */
  async function spoil(leaf: Hash | undefined): Promise<void> {
    if (last !== undefined) append((await last.sound) ? last.leaf : undefined)
    doubt(next)
    advance(leaf, UNSOUND)
  }

  /** Confirms the one before by the link, and becomes the last. A promise only where that takes a second look. */
  function place(entry: ParsedEntry, isBodySpoiled: boolean): Promise<void> | undefined {
    const sound = check(entry)
    const before = last
    if (entry.header.seq === 0) checkGenesis(entry, sound)
    advance(entry.leaf, sound)
    onEntry(entry, { sound, isBodySpoiled })
    if (before === undefined) return undefined
    if (before.leaf === undefined || !equalBytes(before.leaf, entry.prev)) return relink(before, entry, sound)
    append(before.leaf)
    return undefined
  }

  function advance(leaf: Hash | undefined, sound: Promise<boolean>): void {
    last = { leaf, sound }
    recent.set(next, last)
    if (recent.size > RECENT_MAX) recent.delete(recent.keys().next().value!)
    next++
  }

  /** Which of two is spoiled where the link between them is broken: what is signed is believed. */
  async function relink(before: Last, entry: ParsedEntry, sound: Promise<boolean>): Promise<void> {
    const [wasSound, isSound] = await Promise.all([before.sound, sound])
    if (wasSound) append(before.leaf)
    else append(isSound ? entry.prev : undefined)
    if (wasSound && isSound) {
      const what = 'its prev is not the entry before it, though its author signed both'
      findings.add('audit-prev-broken', 'false', entry.header.seq, what)
    }
  }

  function checkGenesis(entry: ParsedEntry, sound: Promise<boolean>): void {
    if (equalBytes(entry.leaf, options.genesisLeaf)) return
    const what = 'it is another GENESIS than the one under which the log was announced'
    pending.push(
      sound.then(valid => {
        if (valid) findings.add('audit-genesis-differs', 'false', 0, what)
        return valid
      }),
    )
  }

  /** Of an entry that is not the next: whether the run goes on with it, after a gap. */
  async function isKeptAside(entry: ParsedEntry): Promise<boolean> {
    const { seq } = entry.header
    if (!(await isSigned(entry))) {
      unsigned(next)
      await spoil(entry.leaf)
      return false
    }
    if (!equalBytes(entry.logId, log.logId)) {
      findings.add('entry-wrong-log', 'false', next, 'an entry of another log stands in its place')
      return false
    }
    if (seq >= next && seq < options.size) {
      await skipTo(seq, entry.prev)
      return true
    }
    const known = recent.get(seq)
    if (seq >= options.size) {
      findings.add(
        'audit-entry-misplaced',
        'false',
        seq,
        'it stands beyond the end that the file announces for the log',
      )
    } else if (fillGap(seq)) {
      findings.add('audit-entry-misplaced', 'false', seq, 'it stands behind entries that come after it')
      onEntry(entry, { sound: SOUND, isBodySpoiled: false })
    } else if (known !== undefined && !(await known.sound)) {
      findings.add('audit-entry-misplaced', 'false', seq, 'it stands behind what its author did not sign')
    } else if (known?.leaf !== undefined && !equalBytes(known.leaf, entry.leaf)) {
      findings.add('audit-fork', 'false', seq, 'its author signed another entry in the same place')
    } else {
      findings.add('audit-entry-doubled', 'false', seq, 'it stands in the file twice')
    }
    return false
  }

  /** Over one missing entry the tree goes on: the one after it names its leaf. */
  async function skipTo(seq: number, prev: Hash): Promise<void> {
    if (lost.length < GAPS_MAX) lost.push([next, seq])
    else lost.at(-1)![1] = seq
    const single = seq === next + 1
    if (single && last !== undefined && (await last.sound)) append(last.leaf)
    else if (!single || last !== undefined) tree = undefined
    last = single ? { leaf: prev, sound: SOUND } : undefined
    next = seq
  }

  function fillGap(seq: number): boolean {
    const i = lost.findIndex(([start, end]) => seq >= start && seq < end)
    const gap = lost[i]
    if (gap === undefined) return false
    const [start, end] = gap
    const rest = [[start, seq] as const, [seq + 1, end] as const].filter(([a, b]) => a < b)
    if (rest.length > 1 && lost.length >= GAPS_MAX) return true
    lost.splice(i, 1, ...rest.map(([a, b]): [number, number] => [a, b]))
    return true
  }

  return {
    async add(envelopes) {
      for (const bytes of envelopes) await take(bytes)
      const batch = pending
      pending = []
      await behind
      behind = Promise.all(batch)
    },
    async end() {
      await behind
      await Promise.all(pending)
      if (last !== undefined) append((await last.sound) ? last.leaf : undefined)
      dropDoubtfulRoots()
      const root = tree !== undefined && tree.size <= doubtfulFrom ? rangeRoot(tree) : undefined
      return { total, signatures, size: next, lost, roots, root }
    },
  }
}
