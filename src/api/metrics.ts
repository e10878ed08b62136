import { collectDefaultMetrics, Gauge, Counter as PromCounter, Registry } from 'prom-client'
import type { Counter, NodeService } from '../node/orders/node-service.ts'
import { nodeGauges, storeGauges } from './node-gauges.ts'

export interface Metrics {
  /** Of what `render` gives. */
  readonly contentType: string
  /** All metrics as of now, in the text format of Prometheus. */
  render(): Promise<string>
}

const PREFIX = 'tocsin_'

/** What the node says of itself, and the process's own metrics under their usual names. */
export function createMetrics(service: NodeService): Metrics {
  const processRegistry = new Registry()
  collectDefaultMetrics({ register: processRegistry })
  return {
    contentType: processRegistry.contentType,
    async render() {
      const registry = await nodeRegistry(service)
      const [ofNode, ofProcess] = await Promise.all([registry.metrics(), processRegistry.metrics()])
      return `${ofNode}${ofProcess}`
    },
  }
}

/** Made anew each time, so that a peer or log that is gone leaves no line behind. */
async function nodeRegistry(service: NodeService): Promise<Registry> {
  const registry = new Registry()
  const gauges = [...nodeGauges(service.status(), service.peers()), ...storeGauges(await service.storeSize())]
  for (const metric of [...gauges, ...service.counters()]) add(registry, metric)
  return registry
}

function add(registry: Registry, { name, help, type, values }: Counter): void {
  // Else it would show as a zero without labels.
  if (values.length === 0) return
  const labelNames = [...new Set(values.flatMap(({ labels }) => Object.keys(labels)))]
  const options = { name: `${PREFIX}${name}`, help, labelNames, registers: [registry] }
  const metric = type === 'counter' ? new PromCounter(options) : new Gauge(options)
  for (const { labels, value } of values) metric.inc({ ...labels }, value)
}
