import { describe, expect, it } from 'vitest'
import { findDifferences } from '../../src/cli/sandbox/sandbox-convergence.ts'
import type { LogStatus } from '../../src/node/knowledge/log-status.ts'
import type { NodeStatus } from '../../src/node/orders/node-service.ts'
import { createTestNode } from '../support/test-node.ts'

const quiet: NodeStatus = { ...createTestNode().status(), backlog: 0, waiting: 0, queued: 0, frontier: 'aa', logs: [] }

function log(nation: string, size: number): LogStatus {
  const logId = nation.repeat(8).toLowerCase()
  return {
    logId,
    nation,
    incarnation: 1,
    size,
    head: `${nation}${size}`,
    lastEntryMs: 0,
    witnessed: 0,
    postQuantum: 0,
    postQuantumMs: 0,
    own: false,
    behind: 0,
  }
}

describe('the differences between nations', () => {
  it('are none where all hold the same and have nothing left to do', () => {
    const reports = ['AAA', 'BBB'].map(nation => ({ nation, status: quiet }))
    expect(findDifferences(reports)).toEqual([])
  })

  it('name who does not answer and who is not done, with what', () => {
    const busy = { ...quiet, backlog: 3, waiting: 2, queued: 1 }
    const reports = [
      { nation: 'AAA', status: quiet },
      { nation: 'BBB', status: busy },
      { nation: 'CCC', status: undefined },
    ]
    expect(findDifferences(reports)).toEqual([
      'CCC does not answer',
      'BBB has 3 entries yet to open',
      'BBB waits for the keys to 2 batches',
      'BBB has 1 publishes yet to sign',
    ])
  })

  it('name each log that two hold unequally', () => {
    const ahead = { ...quiet, frontier: 'bb', logs: [log('AAA', 9), log('BBB', 2)] }
    const behind = { ...quiet, frontier: 'cc', logs: [log('AAA', 4), log('CCC', 1)] }
    const reports = [
      { nation: 'AAA', status: ahead },
      { nation: 'BBB', status: behind },
    ]
    expect(findDifferences(reports)).toEqual([
      'of the log aaaaaaaa of AAA, BBB holds 4 entries, AAA 9',
      'of the log bbbbbbbb of BBB, BBB holds 0 entries, AAA 2',
      'of the log cccccccc of CCC, BBB holds 1 entries, AAA 0',
    ])
  })

  it('are all that is said where nobody answers', () => {
    expect(findDifferences([{ nation: 'AAA', status: undefined }])).toEqual(['AAA does not answer'])
  })
})
