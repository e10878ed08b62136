import type { Target } from './target.ts'

/** Every decoder and every importer of the program. A name begins with its group, so that one needs not load them all. */
const GROUPS: Readonly<Record<string, () => Promise<readonly Target[]>>> = {
  wire: async () => (await import('./targets/wire.ts')).wireTargets,
  crypto: async () => (await import('./targets/crypto.ts')).cryptoTargets,
  chain: async () => (await import('./targets/chain.ts')).chainTargets,
  registry: async () => (await import('./targets/registry.ts')).registryTargets,
  audit: async () => (await import('./targets/audit.ts')).auditTargets,
  indicator: async () => (await import('./targets/indicator.ts')).indicatorTargets,
  policy: async () => (await import('./targets/policy.ts')).policyTargets,
  formats: async () => (await import('./targets/formats.ts')).formatTargets,
  node: async () => (await import('./targets/node.ts')).nodeTargets,
  store: async () => (await import('./targets/store.ts')).storeTargets,
  api: async () => (await import('./targets/api.ts')).apiTargets,
}

export const TARGET_GROUPS: readonly string[] = Object.keys(GROUPS)

/** The targets of a group, the one of this name, or none. */
export async function targetsNamed(name: string): Promise<readonly Target[]> {
  const group = name.split('-')[0] ?? ''
  const targets = (await GROUPS[group]?.()) ?? []
  return name === group ? targets : targets.filter(target => target.name === name)
}
