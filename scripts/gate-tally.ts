/** Counts a test run: what vitest knows of each module, in the few parts that are needed here. */

interface Case {
  readonly fullName: string
  result(): { readonly state: 'passed' | 'failed' | 'skipped' | 'pending'; readonly note?: string | undefined }
  diagnostic(): { readonly flaky: boolean } | undefined
}

interface Suite {
  errors(): readonly unknown[]
}

interface Module extends Suite {
  readonly moduleId: string
  readonly children: { allTests(): Iterable<Case>; allSuites(): Iterable<Suite> }
}

export interface Tally {
  readonly passed: number
  /** Failed and unfinished tests, and errors outside of any test: a module that does not load, a hook that throws. */
  readonly failed: number
  readonly skippedTests: readonly NamedTest[]
  /** Passed, and not at the first run. */
  readonly flakyTests: readonly NamedTest[]
}

interface NamedTest {
  readonly moduleId: string
  readonly title: string
}

export function tallyTests(modules: Iterable<Module>, unhandledErrors: number): Tally {
  let passed = 0
  let failed = unhandledErrors
  const skippedTests: NamedTest[] = []
  const flakyTests: NamedTest[] = []
  for (const module of modules) {
    for (const suite of [module, ...module.children.allSuites()]) if (suite.errors().length > 0) failed++
    for (const test of module.children.allTests()) {
      const { state, note } = test.result()
      if (state === 'passed') {
        passed++
        if (test.diagnostic()?.flaky) flakyTests.push({ moduleId: module.moduleId, title: test.fullName })
      } else if (state === 'skipped') {
        const title = note === undefined ? test.fullName : `${test.fullName} (skipped: ${note})`
        skippedTests.push({ moduleId: module.moduleId, title })
      } else failed++
    }
  }
  return { passed, failed, skippedTests, flakyTests }
}

export function closingLine({ passed, failed, skippedTests }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skippedTests.length} skipped`
}
