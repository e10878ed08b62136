import type { ErrorCode } from '../../base/codes.ts'
import { peerKeyHex } from '../../net/peer-key.ts'
import { type Alarm, findAlarms } from '../../registry/alarms.ts'
import { KEY_STATUS } from '../../registry/node-key.ts'
import { nationStatus, otherActiveNations } from '../knowledge/directory-views.ts'
import type { Problem } from '../orders/node-service.ts'
import { auditProblems } from './audit-problems.ts'
import { edgeProblems } from './edge-problems.ts'
import { feedProblems } from './feed-problems.ts'
import { offenderProblems } from './offender-problems.ts'
import { addressFaultOf } from './own-addresses.ts'
import { NOBODY_KNOWN } from './own-standing.ts'
import type { EdgeProblemSources, ProblemSources } from './problem-sources.ts'

/** What keeps a node from its work, or soon will: for the operator, with what to do about it. Alarms come first. */
export function findProblems(node: ProblemSources): Problem[] {
  const ofPublishing = [...signingProblems(node), ...policyProblems(node), ...kemProblems(node)]
  const ofLists = [
    ...node.warnings.problems(),
    ...node.warned.problems(),
    ...feedProblems(node.inlets, node.clock.now()),
    ...node.outlets.exports.desk.problems(),
    ...node.outlets.webhooks.problems(),
  ]
  return alarmsFirst([...ownProblems(node), ...ofPublishing, ...ofLists, ...edgeProblems(node), ...outerProblems(node)])
}

export function findEdgeProblems(node: EdgeProblemSources): Problem[] {
  return alarmsFirst([...ownProblems(node), ...outerProblems(node)])
}

function ownProblems(node: EdgeProblemSources): Problem[] {
  return [...storeProblems(node), ...standingProblems(node)]
}

function outerProblems(node: EdgeProblemSources): Problem[] {
  return [
    ...clockProblems(node),
    ...peerProblems(node),
    ...offenderProblems(node),
    ...addressProblems(node),
    ...auditProblems(node),
    ...node.quotas.problems(),
    ...spoilProblems(node),
    ...allianceProblems(node),
  ]
}

function alarmsFirst(problems: Problem[]): Problem[] {
  return problems.sort((a, b) => Number(a.grade === 'warning') - Number(b.grade === 'warning'))
}

function storeProblems({ store }: EdgeProblemSources): Problem[] {
  if (store.state !== 'failed') return []
  return [
    {
      grade: 'alarm',
      code: 'store-failed',
      occasion: '',
      message: 'a write to the store failed; nothing new is accepted',
      fix: 'Make room on the disk or mend it; the node tries again by itself.',
    },
  ]
}

function standingProblems({ book, nation }: EdgeProblemSources): Problem[] {
  const status = nationStatus(book.directory(), nation)
  if (status === 'ACTIVE') return []
  const isExpelled = status === 'EXPELLED'
  return [
    {
      grade: 'alarm',
      code: isExpelled ? 'nation-expelled' : 'nation-suspended',
      occasion: '',
      message: isExpelled
        ? `the governors expelled ${nation}: nobody connects with it, and it publishes nothing`
        : `the governors suspended ${nation}: nobody seals to it, and it publishes nothing`,
      fix: 'Ask the governors why; "tocsin alliance log" tells who signed it.',
    },
  ]
}

function policyProblems({ release }: ProblemSources): Problem[] {
  const hindrance = release.desk.hindrance()
  if (hindrance === undefined) return []
  const { code, message, fix = '' } = hindrance
  return [{ grade: 'alarm', code, occasion: '', message, fix }]
}

function signingProblems(node: ProblemSources): Problem[] {
  if (node.guard.renewal() === 'waiting') return [awaitsRenewal(node)]
  const hindrance = node.hindrance()
  if (hindrance === undefined) return awaitsAnswers(node)
  if (!isOfSigning(hindrance.code)) return []
  const { code, message, fix = '' } = hindrance
  return [{ grade: 'alarm', code, occasion: '', message, fix }]
}

function awaitsRenewal({ guard }: ProblemSources): Problem {
  const state = guard.state()
  const answers = state.kind === 'waiting' ? `${state.answered} of ${state.needed} nations have` : 'nobody has'
  return {
    grade: 'warning',
    code: 'signing-renewal',
    occasion: '',
    message: `this store was restored or repaired: ${answers} told how far our logs go, and nothing is signed before`,
    fix: 'Wait until more of them are connected. "tocsin node incarnate --yes" goes on without them: only where no other node has used this key since.',
  }
}

/** In a moment they have answered, where they can. */
const ANSWERS_AWAITED_MS = 60_000

function awaitsAnswers({ guard }: ProblemSources): Problem[] {
  const state = guard.state()
  if (state.kind !== 'waiting' || guard.waitedMs() < ANSWERS_AWAITED_MS) return []
  return [
    {
      grade: 'warning',
      code: 'signing-not-yet',
      occasion: '',
      message: `since the start ${state.answered} of ${state.needed} nations have told how far our log goes: what is published waits on this disk`,
      fix: '"tocsin doctor" says why nobody is connected. Where no network will join you: "tocsin node incarnate --yes" signs in a new log, of which a key has 64.',
    },
  ]
}

/** What people chose, such as a role, is no problem of the node. */
function isOfSigning(code: ErrorCode): boolean {
  return code.startsWith('signing-') || code === 'publish-key-unknown'
}

/** What others seal to this nation now is read with a key that has to be here. An observer is sealed nothing. */
function kemProblems({ book, clock, nation, epochs }: ProblemSources): Problem[] {
  const recipient = book
    .directory()
    .audience(clock.now())
    .recipients.find(each => each.nation === nation)
  if (recipient === undefined || epochs.holdsKemKey(recipient.kemKeyId)) return []
  return [
    {
      grade: 'alarm',
      code: 'kem-key-missing',
      occasion: '',
      message: `what others seal to ${nation} now cannot be opened here: the KEM key for it is missing`,
      fix: 'Take over the KEM keys of the nation: tocsin nation kem-import FILE',
    },
  ]
}

function clockProblems({ sync, book }: EdgeProblemSources): Problem[] {
  const skew = sync.clockSkewMs()
  if (skew === undefined || Math.abs(skew) <= book.directory().policy.skewSeconds * 1000) return []
  return [
    {
      grade: 'alarm',
      code: 'clock-skew',
      occasion: skew > 0 ? 'ahead' : 'behind',
      message: `this clock is ${Math.round(Math.abs(skew) / 1000)} s ${skew > 0 ? 'ahead of' : 'behind'} most peers`,
      fix: 'Set the clock by NTP.',
    },
  ]
}

/** Whoever is suspended or expelled has been told so. */
function peerProblems({ book, nation, host }: EdgeProblemSources): Problem[] {
  const directory = book.directory()
  if (nationStatus(directory, nation) !== 'ACTIVE' || otherActiveNations(directory, nation).length === 0) return []
  const others = directory.peers().filter(peer => peer.nation !== nation)
  if (others.length === 0) return [{ grade: 'warning', occasion: '', ...NOBODY_KNOWN }]
  const keys = new Set(others.map(peer => peerKeyHex(peer.peerPk)))
  const states = host.peers().filter(({ peer }) => keys.has(peer))
  if (states.some(({ status }) => status === 'connected')) return []
  const refusing = states.filter(
    ({ fault, failures }) => failures >= REFUSALS_MIN && fault?.code === 'net-not-admitted',
  )
  return refusing.length === 0 ? [] : [refused(refusing.length, states.length)]
}

/** A node whose document is on its way is refused a few times too. */
const REFUSALS_MIN = 4

function refused(count: number, all: number): Problem {
  return {
    grade: 'alarm',
    code: 'net-not-admitted',
    occasion: '',
    message: `no node of another nation is connected, and ${count} of ${all} refuse this one: their documents do not admit its key`,
    fix: 'Ask another member for the file of "tocsin alliance invite" and apply it here; "tocsin doctor" looks at each node.',
  }
}

/** for as long as a peer is held to it. */
function spoilProblems({ sync, nationOf, clock }: EdgeProblemSources): Problem[] {
  const recent = sync.faults().filter(([, { faultMs }]) => clock.now() - faultMs < FAULT_SHOWN_MS)
  return recent.map(([peer, { errorCode }]) => ({
    grade: 'warning',
    code: 'sync-peer-spoils',
    occasion: peer,
    message: `node ${peer.slice(0, 16)} of ${nationOf(peer) ?? 'no nation'} gave by sync what does not hold (${errorCode || 'taken back since'}); the same is fetched from others`,
    fix: 'Tell that nation: its store is damaged, or somebody else has its node.',
  }))
}

const FAULT_SHOWN_MS = 3_600_000

function addressProblems({ config, book, nation, host }: EdgeProblemSources): Problem[] {
  const nodes = book
    .directory()
    .member(nation)
    ?.doc?.nodes.filter(({ status }) => status === KEY_STATUS.ACTIVE)
  const here = nodes?.find(({ peerPk }) => peerPk !== undefined && peerKeyHex(peerPk) === host.self)
  const fault = here && addressFaultOf(config, here.addresses)
  if (fault === undefined) return []
  return [{ grade: 'warning', code: fault.code, occasion: '', message: fault.message, fix: fault.fix ?? '' }]
}

/** What is wrong with another nation's document holds up nobody else; the own one and the registry come first. */
function allianceProblems({ book, clock, nation }: EdgeProblemSources): Problem[] {
  const isOfOther = (alarm: Alarm) => alarm.nation !== undefined && alarm.nation !== nation
  return findAlarms(book.directory(), clock.now())
    .toSorted((a, b) => Number(isOfOther(a)) - Number(isOfOther(b)))
    .map(alarm => ({
      grade: isOfOther(alarm) ? 'warning' : alarm.grade,
      code: alarm.code,
      occasion: [alarm.nation ?? '', alarm.occasion].join(' ').trim(),
      message: alarm.sentence,
      fix: alarm.fix,
    }))
}
