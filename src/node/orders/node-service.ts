import type { AlertKind } from '../../audit/alert.ts'
import type { ErrorCode } from '../../base/codes.ts'
import type { ClaimDraft } from '../../indicator/claim.ts'
import type { Clearance } from '../../policy/clearance.ts'
import type { WarningHit } from '../../policy/warninglists.ts'
import type { AuditCommands } from '../audit/audit-commands.ts'
import type { AuditPage, AuditQuery } from '../audit/audit-page.ts'
import type { BundleCommands } from '../bundles/bundle-commands.ts'
import type { StoreCommands } from '../home/store-commands.ts'
import type { BoundView } from '../knowledge/log-bounds.ts'
import type { LaggingWitness, LogStatus, StatedRegistry, SyncStatus } from '../knowledge/log-status.ts'
import type { SyncCommands } from '../network/sync-state.ts'
import type { RebuildResult } from '../opening/rebuild-result.ts'
import type { ChangeReading } from '../reading/change-reading.ts'
import type { NationStatus, Reading } from '../reading/indicator-reading.ts'
import type { RemarkText } from '../reading/remark-text.ts'
import type { ScanCommands } from '../reading/scan-commands.ts'
import type { DiagnosisCheck } from './diagnosis-check.ts'
import type { EntryCommands } from './entry-orders.ts'
import type { ExportCommands } from './export-orders.ts'
import type { FeedCommands } from './feed-orders.ts'
import type { HistoryRequest, HistoryResult } from './history-orders.ts'
import type { MuteCommands } from './mute-orders.ts'
import type { TaxiiCommands } from './taxii-reading.ts'
import type { WarninglistCommands } from './warninglist-orders.ts'

/** What the control API asks of the node; `commands/service.ts` provides it. Times are milliseconds since the Unix epoch. */
export interface NodeService
  extends Reading,
    ChangeReading,
    MuteCommands,
    AuditCommands,
    BundleCommands,
    EntryCommands,
    ExportCommands,
    FeedCommands,
    ScanCommands,
    StoreCommands,
    SyncCommands,
    TaxiiCommands,
    WarninglistCommands {
  status(): NodeStatus
  /** Digests over everything held: reads the whole view, so it is asked for, not polled. */
  digest(): Promise<NodeDigest>
  peers(): readonly PeerStatus[]
  registry(): RegistryView
  /** Why connections with a nation, the owner of a peer key (8 or more digits of it), or anybody do not come about. */
  diagnose(target?: string): Promise<readonly DiagnosisCheck[]>
  /** Every valid document, as base64 of its SignedDoc, each after those that it builds on. */
  documents(): readonly string[]
  /** Takes in documents of the alliance, in any order; what is valid is in force at once, and spreads. */
  applyDocuments(documents: readonly string[]): Promise<AppliedDocuments>
  /** From now on the registry in force must contain what this trust string names. */
  pin(trust: string): Promise<void>
  /** Where each log of the nation can be cut without loss: a proposal for the bounds of. */
  bounds(nation: string, size?: number): readonly BoundView[]
  /** Reads the KEM secrets of the home again, and opens what waited for them. Returns how many there are. */
  reloadKemKeys(): Promise<number>
  /**
   * Publishes up to `PUBLISH_ITEMS_MAX` drafts; resolves when each is durable (fsync). Outcomes are in the order of
   * the drafts. Bad drafts are outcomes, not errors; throws UserError where nothing can be published at all.
   */
  publish(items: readonly PublishItem[], signature?: SubmissionText): Promise<readonly PublishOutcome[]>
  /** Who would read it; `tlp` as in config.yaml where it is left out. Throws UserError for a group that is not known. */
  audience(audience: AudienceText | undefined, tlp: number | undefined): AudienceView
  /** Lets a nation read what was published before. Throws UserError where it cannot. */
  grantHistory(request: HistoryRequest): Promise<HistoryResult>
  /** The sharing groups known here. */
  groups(): readonly GroupView[]
  /** What waits for a second person, the oldest first. */
  held(): readonly HeldView[]
  /** Lets leave what a second person has signed, into the queue of what is published. Throws UserError where it may not. */
  approveHeld(id: string, approval: ApprovalText): Promise<void>
  rejectHeld(id: string, reason: string): Promise<void>
  /** What the nation lets leave, as it is in force. */
  rules(): RulesView
  /** Takes up policy.yaml and operators.yaml as they stand. Where they are wrong it throws, and the old ones stay. */
  reloadRules(): Promise<RulesView>
  /** Who shows this token. Throws UserError `token-invalid` where it is unknown, expired or revoked. */
  reader(token: string): Promise<Reader>
  /** Ascending by name. */
  tokens(): Promise<readonly TokenView[]>
  /** Makes a token, which is told only now. */
  addToken(request: TokenRequest): Promise<NewToken>
  revokeToken(name: string): Promise<void>
  /** Computes the view anew from the opened items. */
  rebuildView(): Promise<RebuildResult>
  /** Derives the opened items anew from the log, where the keys are still there, then the view. */
  reopenItems(): Promise<RebuildResult>
  /** Records of the audit log from a number on, as many as one answer takes. */
  audit(query: AuditQuery): Promise<AuditPage>
  /** Opens a new incarnation of the own log, after a restore or where no peer can answer. */
  incarnate(): Promise<{ readonly logId: string; readonly incarnation: number }>
  /** Items of the own nation in entries that do not stand, up to `QUARANTINED_MAX`. */
  quarantined(): Promise<readonly QuarantinedItem[]>
  /** Publishes those of these ids anew, in the log that grows; returns how many are queued for it. */
  republish(ids: readonly string[]): Promise<number>
  /** Whoever is seen to contradict itself, the newest first. */
  alerts(): readonly AlertView[]
  /**
   * One of them, by the first digits of its id, with a `tocsin-audit/1` file that proves it; null where nothing that
   * others could check does. Throws UserError `alert-absent`.
   */
  alertFile(id: string): { readonly alert: AlertView; readonly file: Uint8Array | null }
  /** What the node has counted since its start, for the metrics. */
  counters(): readonly Counter[]
  /** Ends the daemon in order; resolves at once, the daemon ends after the answer. */
  stop(): void
}

/** What the bearer of a token may ask for; answers hold what its clearance lets it see, and nothing else has a part in them. */
export interface Reader extends Reading, ChangeReading {
  /** Of the token. */
  readonly name: string
  readonly clearance: Clearance
  /** Throws UserError `token-forbidden` where the clearance does not say `publish`, or is below a marking. */
  publish(items: readonly PublishItem[]): Promise<readonly PublishOutcome[]>
}

export interface TokenRequest {
  readonly name: string
  /** As `parseClearance` reads it. */
  readonly clearance: string
  /** Absent: never. */
  readonly expiresMs?: number
}

export interface TokenView {
  readonly name: string
  readonly clearance: string
  readonly createdMs: number
  /** 0: never. */
  readonly expiresMs: number
  /** To the hour; 0: never. */
  readonly usedMs: number
}

export interface NewToken extends TokenView {
  readonly token: string
}

export interface AlertView {
  /** 16 digits in hex, the same at every node. */
  readonly id: string
  readonly kind: AlertKind
  /** Who did it; '' where it is not one nation. */
  readonly nation: string
  /** Hex; '' where it is about documents. */
  readonly log: string
  /** The entry. */
  readonly at: number | null
  /** What was done. */
  readonly sentence: string
  /** What it does, as of now. */
  readonly effect: string
  /** When this node first knew of it. */
  readonly seenMs: number
}

export const PUBLISH_ITEMS_MAX = 1000

export const QUARANTINED_MAX = 1000

export interface QuarantinedItem {
  /** Of the item, hex. */
  readonly id: string
  /** `LOG/SEQ`. */
  readonly entry: string
  readonly timeMs: number
  readonly type: string
  readonly value: string
}

/** `name` in snake case without the `tocsin_` prefix; counters end with `_total`. */
export interface Counter {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly values: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]
}

export interface NodeStatus extends SyncStatus {
  readonly nation: string
  /** An edge node relays and stores, and opens and signs nothing. */
  readonly use: 'inner' | 'edge'
  /** Of the nation in the registry in force: PUBLISH, RECEIVE, WITNESS, OBSERVE. */
  readonly roles: readonly string[]
  readonly allianceId: string
  readonly allianceName: string
  readonly version: string
  readonly pid: number
  readonly startedMs: number
  /** 'ready'; 'starting' before the signing check of is done; 'degraded' with the reasons in `problems`. */
  readonly state: 'starting' | 'ready' | 'degraded'
  readonly problems: readonly Problem[]
  readonly registryVersion: number
  /** Hex. */
  readonly registryHash: string
  readonly entries: number
  readonly indicators: number
  readonly claims: number
  /** Entries committed but not yet opened into the view. */
  readonly backlog: number
  /** Sealed batches whose grant has not arrived. */
  readonly waiting: number
  /** Publishes accepted but not yet signed. */
  readonly queued: number
  /** How many `alerts` there are. */
  readonly alerts: number
  readonly frontier: string
  readonly logs: readonly LogStatus[]
  /** Witnesses that have not cosigned what they could have by now, in the order of nations. */
  readonly lagging: readonly LaggingWitness[]
  /** What other nations said last of the registry in force at them. */
  readonly registries: readonly StatedRegistry[]
  readonly peersConnected: number
  readonly peersKnown: number
  readonly listen: readonly string[]
}

export interface Problem {
  /** `alarm`: the node is degraded by it; `warning`: it will be, or others are. */
  readonly grade: 'alarm' | 'warning'
  readonly code: ErrorCode
  /** Whose or which; told of anew when it changes. */
  readonly occasion: string
  readonly message: string
  readonly fix: string
}

export interface NodeDigest {
  readonly entries: number
  readonly indicators: number
  readonly frontier: string
  readonly view: string
}

export interface PeerStatus {
  readonly nation: string
  /** Empty for a peer of no nation that is known here. */
  readonly nationStatus: NationStatus | ''
  readonly peer: string
  readonly state: 'connected' | 'dialing' | 'waiting' | 'refused'
  readonly addresses: readonly string[]
  readonly address: string
  readonly sinceMs: number
  readonly lastSyncMs: number
  readonly lastError: string
  readonly lastErrorCode: string
  /** How often it gave by sync what does not hold, since the start. */
  readonly faults: number
}

export interface RegistryView {
  readonly allianceId: string
  readonly name: string
  readonly version: number
  readonly hash: string
  readonly trust: string
  readonly words: readonly string[]
  readonly issuedMs: number
  readonly expiresMs: number
  readonly threshold: number
  readonly governors: readonly string[]
  readonly nations: readonly {
    readonly nation: string
    readonly label: string
    readonly status: string
    readonly roles: readonly string[]
    readonly documentVersion: number
    readonly nodes: number
    readonly addresses: readonly string[]
  }[]
}

export interface AppliedDocuments {
  readonly added: number
  readonly known: number
  /** Kept until what they build on arrives. */
  readonly waiting: number
  readonly refused: readonly { readonly code: string; readonly reason: string }[]
  /** In force afterwards. */
  readonly registryVersion: number
}

/** `audience`: the whole alliance where it is left out. */
export type PublishItem = (
  | ClaimItem
  | { readonly kind: 'context'; readonly json: string; readonly tlp?: number }
  /** The next version of a group of the own nation; it goes to the members that it names. */
  | ({ readonly kind: 'group' } & GroupText)
  | RemarkText
) & { readonly audience?: AudienceText }

interface ClaimItem {
  readonly kind: 'claim'
  readonly draft: ClaimDraft
  /** Though a warninglist blocks it, which the audit log then says. */
  readonly force?: boolean
}

export interface GroupText {
  /** Hex, 16 bytes. */
  readonly id: string
  readonly version: number
  /** Hex, of the version before; empty in version 1. */
  readonly prevHash: string
  readonly name: string
  readonly members: readonly string[]
  /** 0: no ceiling. */
  readonly maxTlp: number
}

/** `hash`: hex, what the next version names as the one before. */
export interface GroupView extends Omit<GroupText, 'prevHash'> {
  readonly owner: string
  readonly hash: string
  /** Its owner said two things under one version number. */
  readonly conflict: boolean
}

/** Who can read what is published to an audience, marked `tlp`. */
export interface AudienceView {
  readonly audience: string
  readonly tlp: number
  /** Neither who reads nor how many shows on the wire. */
  readonly sealed: boolean
  readonly readers: readonly ReaderView[]
  readonly excluded: readonly ReaderView[]
  /** Why nothing so marked can go there; then nobody reads. */
  readonly refusal: { readonly code: ErrorCode; readonly reason: string } | undefined
}

export interface ReaderView {
  readonly nation: string
  readonly label: string
  /** One clause. */
  readonly why: string
}

/** Nations by id; a group by `NAME`, `OWNER/NAME`, or its id in hex; or all that got what this nation said under an id. */
export type AudienceText = { readonly to: readonly string[] } | { readonly group: string } | { readonly of: string }

export type PublishOutcome =
  /** Signed and stored durably here; gossip follows. */
  | (Warned & { readonly outcome: 'new'; readonly id: string; readonly entry: string })
  | { readonly outcome: 'duplicate'; readonly id: string }
  /** Stored durably, not signed until a peer has answered. */
  | (Warned & { readonly outcome: 'queued'; readonly id: string })
  /** Stored durably, not signed until a second person has approved it; the last warning says which rule asks for one. */
  | (Warned & { readonly outcome: 'held'; readonly id: string })
  | { readonly outcome: 'refused'; readonly code: ErrorCode; readonly reason: string }

interface Warned {
  /** For people: all that is doubtful, each a sentence. */
  readonly warnings: readonly string[]
  /** Warninglists that it is on; absent where it is on none. */
  readonly hits?: readonly WarningHit[]
}

/** An operator's signature over what is submitted (`submissionInput`). */
export interface SubmissionText {
  /** Hex. */
  readonly key: string
  readonly signedMs: number
  /** Base64. */
  readonly signature: string
}

/** An operator's signature over what is held (`approvalInput`). */
export interface ApprovalText {
  readonly key: string
  readonly signature: string
}

export interface HeldView {
  /** Hex. */
  readonly id: string
  /** The operator who submitted it. */
  readonly submitter: string
  /** Hex. */
  readonly submitterKey: string
  readonly heldMs: number
  readonly expiresMs: number
  /** Which rule holds it, as a sentence. */
  readonly rule: string
  /** Base64 of exactly the Item and the audience's name that are to be approved. */
  readonly item: string
  readonly audience: string
  /** Who will be able to read it beside the own nation, as of now. */
  readonly readers: readonly string[]
}

export interface RulesView {
  /** Undefined where there is no policy: nothing leaves. */
  readonly policy: { readonly rules: number; readonly warnings: readonly string[] } | undefined
  readonly operators: number
}
