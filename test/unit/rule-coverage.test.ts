import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

interface Shown {
  /** Files of `test/vectors/` with what breaks the rule, or would if it could. */
  readonly vectors: readonly string[]
  /** File of `test/scenario/` and the beginning of a title: running nodes, and somebody who breaks the rule. */
  readonly scenarios: readonly (readonly [string, string])[]
}

const FORGED = ['registry-forged', 'R-0.5, R-1.1, R-1.2, R-1.3, R-1.11: forged documents are refused'] as const

/** Where each rule of the two layers and of the registry is attacked. */
const COVERAGE: Readonly<Record<string, Shown>> = {
  'R-0.1': {
    vectors: ['chain/R-0.1-key-of-another-nation', 'chain/R-0.1-gap', 'registry/R-0.1-named-by-no-registry'],
    scenarios: [['node-gossip-input', 'rejects what is wrong whatever one knows']],
  },
  'R-0.2': {
    vectors: ['chain/R-0.2-evidence-grows', 'chain/R-0.2-evidence-in-reverse', 'registry/R-0.2-last-before-first'],
    scenarios: [['node-forks', 'two entries at one seq, by gossip']],
  },
  'R-0.3': {
    vectors: ['chain/R-0.3-time-from-the-future', 'chain/R-0.3-time-falls', 'registry/R-0.3-quota-of-one-byte'],
    scenarios: [['registry-forged', 'R-0.3: clocks a hundred days apart']],
  },
  'R-0.4': {
    vectors: ['chain/R-0.4-header-over-1-KiB', 'registry/R-0.4-later-format'],
    scenarios: [['node-gossip-input', 'leaves a later header version to sync']],
  },
  'R-0.5': {
    vectors: ['chain/R-0.5-overlong-varint', 'chain/R-0.5-unknown-field', 'registry/R-0.5-not-canonical'],
    scenarios: [FORGED],
  },
  'R-1.1': {
    vectors: ['registry/R-1.1-other-alliance', 'registry/R-1.1-signed-as-nation-document'],
    scenarios: [FORGED],
  },
  'R-1.2': {
    vectors: ['registry/R-1.2-key-under-two-ids', 'registry/R-1.2-new-council-alone', 'registry/R-1.2-no-majority'],
    scenarios: [FORGED],
  },
  'R-1.3': {
    vectors: ['registry/R-1.3-version-rolled-back', 'registry/R-1.3-version-skipped', 'registry/R-1.3-fast-forward'],
    scenarios: [FORGED],
  },
  'R-1.4': {
    vectors: ['registry/R-1.4-another-document', 'registry/R-1.4-another-alliance', 'registry/R-1.4-not-there-yet'],
    scenarios: [['registry-forged', 'R-1.4: of two versions a node goes where its operator confirmed']],
  },
  'R-1.5': {
    vectors: ['registry/R-1.5-split', 'registry/R-1.5-three-siblings', 'registry/R-1.5-pins-contradict'],
    scenarios: [['registry-governance', 'R-1.5: two versions that come in opposite orders']],
  },
  'R-1.6': {
    vectors: [
      'registry/R-1.6-two-documents',
      'registry/R-1.6-sibling-below-the-pin-is-void',
      'registry/R-1.6-beyond-64-versions',
      'registry/R-1.6-pinned-over-the-nation',
    ],
    scenarios: [['registry-governance', 'R-1.6: a nation with two documents of one version']],
  },
  'R-1.7': {
    vectors: [
      'registry/R-1.7-compromised-voids-for-good',
      'registry/R-1.7-pinned-after-the-reset',
      'registry/R-1.7-lost-too-early',
      'registry/R-1.7-lost-brought-again',
    ],
    scenarios: [['registry-governance', 'R-1.7: a COMPROMISED reset throws out the thief']],
  },
  'R-1.8': {
    vectors: [
      'registry/R-1.8-key-dropped',
      'registry/R-1.8-bound-dropped',
      'registry/R-1.8-suspension-raises-nothing-when-it-ends-in-expulsion',
      'chain/R-1.8-lower-bound',
    ],
    scenarios: [['registry-governance', 'R-1.8: entries beyond the bound of a removed key']],
  },
  'R-1.9': {
    vectors: ['registry/R-1.9-valid-too-long', 'registry/R-1.9-expired-registry', 'registry/R-1.9-expired-nation'],
    scenarios: [['registry-governance', 'R-1.9: an expired registry closes no connection']],
  },
  'R-1.10': {
    vectors: ['chain/R-1.10-registry-version-falls', 'registry/R-1.10-version-from-the-future'],
    scenarios: [
      ['registry-spreading', 'a liar who names registry 2^53-1'],
      ['node-receipts', 'what registry each node has in force is told and shown'],
    ],
  },
  'R-1.11': {
    vectors: ['registry/R-1.11-node-key-not-canonical', 'registry/R-1.11-governor-key-of-small-order'],
    scenarios: [FORGED],
  },
  'R-1.12': {
    vectors: ['registry/R-1.12-stolen-key', 'registry/R-1.12-pops-swapped'],
    scenarios: [['registry-forged', 'R-1.12: a nation that names the node of another']],
  },
}

/** As the specification numbers them. */
const rules = [...readFileSync(join(root, 'proto/README.md'), 'utf8').matchAll(/^- \*\*(R-[01]\.\d+)/gm)].map(
  ([, rule]) => rule!,
)

describe('the rules of the two layers and of the registry', () => {
  it('are those of the table, each with an invalid vector and a scenario', () => {
    expect(rules.toSorted()).toEqual(Object.keys(COVERAGE).sort())
    for (const [rule, { vectors, scenarios }] of Object.entries(COVERAGE)) {
      expect(vectors.length, rule).toBeGreaterThan(0)
      expect(scenarios.length, rule).toBeGreaterThan(0)
    }
  })

  it.each(Object.entries(COVERAGE))('%s has its vectors, under its name', (rule, { vectors }) => {
    for (const vector of vectors) {
      const parsed: { rule: string } = JSON.parse(readFileSync(join(root, 'test/vectors', `${vector}.json`), 'utf8'))
      expect({ vector, rule: parsed.rule, named: vector.includes(`/${rule}-`) }).toEqual({ vector, rule, named: true })
    }
  })

  it.each(Object.entries(COVERAGE))('%s has its scenario', (_, { scenarios }) => {
    for (const [file, title] of scenarios) {
      const text = readFileSync(join(root, 'test/scenario', `${file}.test.ts`), 'utf8')
      expect({ file, title, found: text.includes(`test('${title}`) }).toEqual({ file, title, found: true })
    }
  })
})
