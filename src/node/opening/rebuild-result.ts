/** What became of computing the view anew; digests in hex. */
export interface RebuildResult {
  readonly items: number
  readonly indicators: number
  readonly viewBefore: string
  readonly viewAfter: string
  readonly seconds: number
}
