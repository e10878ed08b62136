/** What is wrong with a STIX pattern, and at which offset into it. */
export class PatternSyntaxError extends SyntaxError {
  readonly at: number

  constructor(message: string, at: number) {
    super(`${message} at character ${at + 1}`)
    this.at = at
  }
}
