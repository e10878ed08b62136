import { objectsOf, stringOf } from './stix-object.ts'

/** Phases of kill chains, which STIX lists, as labels: `kill-chain:lockheed-martin-cyber-kill-chain="delivery"`. */

const LABEL = /^kill-chain:([^="]+)="([^"]+)"$/

interface KillChainPhase {
  readonly kill_chain_name: string
  readonly phase_name: string
}

/** Undefined for any other label. */
export function phaseOfLabel(label: string): KillChainPhase | undefined {
  const [, name, phase] = LABEL.exec(label) ?? []
  return name === undefined || phase === undefined ? undefined : { kill_chain_name: name, phase_name: phase }
}

export function labelsOfPhases(phases: unknown): readonly string[] {
  return objectsOf(phases).flatMap(({ kill_chain_name, phase_name }) => {
    const label = `kill-chain:${stringOf(kill_chain_name)}="${stringOf(phase_name)}"`
    return stringOf(kill_chain_name) !== undefined && LABEL.test(label) ? [label] : []
  })
}
