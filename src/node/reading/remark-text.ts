import type { OpinionDraft, SightingDraft } from '../../indicator/remark.ts'

/** What is said of indicators and claims that are held here, as it is asked for. */
export type RemarkText =
  /** Left out, marking and audience are no freer than those of the claims on the value. */
  | { readonly kind: 'sighting'; readonly draft: SightingDraft }
  | { readonly kind: 'opinion'; readonly draft: OpinionText }
  /** `id`: of what this nation said, hex. Goes to all that got it, where no audience is given. */
  | { readonly kind: 'withdrawal'; readonly id: string; readonly reason: string }

/** `claim`: the id of the one that it is about, hex, with its nation. */
export interface OpinionText extends Omit<OpinionDraft, 'claimId'> {
  readonly claim?: string
}
