import { PROBE_STEPS, type ProbeStep, probeAddress } from '../../net/address-probe.ts'
import { peerKeyHex } from '../../net/peer-key.ts'
import type { PeerNode } from '../../registry/directory.ts'
import {
  type DiagnosisCheck,
  type DiagnosisSubject,
  failed,
  passed,
  skipped,
  unknown,
} from '../orders/diagnosis-check.ts'

/** As many as are called. */
const ADDRESSES_MAX = 8

/** Name, TCP and Noise of every address in a node's document, and at which of them a node may answer. */
export async function checkAddresses(
  node: PeerNode,
  signal: AbortSignal,
): Promise<{ readonly checks: readonly DiagnosisCheck[]; readonly reachable: readonly string[] }> {
  const addresses = node.addresses.slice(0, ADDRESSES_MAX)
  if (addresses.length === 0) return { checks: [withoutAddress(node)], reachable: [] }
  const probes = await Promise.all(addresses.map(async address => ({ address, steps: await stepsOf(address, signal) })))
  return {
    checks: probes.flatMap(({ address, steps }) => checksOf({ ...subjectOf(node), address }, steps)),
    reachable: probes.filter(({ steps }) => isPassed(steps)).map(({ address }) => address),
  }
}

/** A check about a node as a whole. */
export function subjectOf({ nation, peerPk }: PeerNode): DiagnosisSubject {
  return { nation, peer: peerKeyHex(peerPk), address: '' }
}

function withoutAddress(node: PeerNode): DiagnosisCheck {
  return failed(subjectOf(node), 'name', {
    code: 'net-address-invalid',
    message: 'its document names no address, so it has to call, and has not',
    fix: 'Ask its operator whether it runs, and whether it reaches the address of this node.',
  })
}

/** None where the time is over. */
async function stepsOf(address: string, signal: AbortSignal): Promise<readonly ProbeStep[]> {
  try {
    return await probeAddress(address, signal)
  } catch (error) {
    if (signal.aborted) return []
    throw error
  }
}

function checksOf(subject: DiagnosisSubject, steps: readonly ProbeStep[]): readonly DiagnosisCheck[] {
  const last = steps.at(-1)
  if (last === undefined) return [unknown(subject, 'name', 'no time was left for it')]
  const done = steps.map(({ step, detail, fault }) =>
    fault === null ? passed(subject, step, detail) : failed(subject, step, fault),
  )
  return [...done, ...skipped(subject, PROBE_STEPS.slice(steps.length), `${last.step} failed`)]
}

function isPassed(steps: readonly ProbeStep[]): boolean {
  return steps.length === PROBE_STEPS.length && steps.every(({ fault }) => fault === null)
}
