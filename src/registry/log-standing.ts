import type { Bound } from './doc-fields.ts'

/**
 * What the documents in force say of a log (R-2.6, R-1.8); checkpoints and proofs are not looked at here.
 * - `none`: no document in force authorises it: nothing stands.
 * - `active`: no bound.
 * - `bounded`: it never grows again. `governors` and `own` are the newest bounds of each; the lower wins, equal: the
 *   governors', but `own` cannot set aside what a quorate checkpoint covers. Neither: the largest quorate checkpoint.
 * - `suspended`: as `bounded`, while it lasts.
 */
export type LogStanding =
  | { readonly kind: 'none' }
  | { readonly kind: 'active' }
  | { readonly kind: 'bounded' | 'suspended'; readonly governors: Bound | undefined; readonly own: Bound | undefined }
