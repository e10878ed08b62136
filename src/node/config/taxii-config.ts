import { resolve } from 'node:path'
import { z } from 'zod'
import { isLoopbackPort } from '../../base/loopback.ts'

const hostPort = z.string().regex(/^$|^(\d+\.\d+\.\d+\.\d+|\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, {
  message: 'must be an address and a port such as 0.0.0.0:6121, or empty',
})

/** The TAXII 2.1 server, for the bearers of tokens. */
export const taxiiConfig = z
  .strictObject({
    /** `HOST:PORT`; empty: there is none. Without TLS a loopback address. */
    listen: hostPort.default(''),
    /** PEM files of the certificate with its chain and of its key, absolute or in the home; both or none. */
    tls: z.strictObject({ cert: z.string().default(''), key: z.string().default('') }).prefault({}),
  })
  .refine(({ tls }) => (tls.cert === '') === (tls.key === ''), {
    path: ['tls'],
    message: 'needs both cert and key',
  })
  .refine(({ listen, tls }) => listen === '' || tls.cert !== '' || isLoopbackPort(listen), {
    path: ['listen'],
    message: 'must be a loopback address such as 127.0.0.1:6121 where tls says no certificate',
  })
  .prefault({})

export type TaxiiConfig = Readonly<z.infer<typeof taxiiConfig>>

/** Where the TAXII server is to listen, and with which files; undefined: nowhere. */
export interface TaxiiListening {
  readonly listen: string
  /** Undefined: plain HTTP on a loopback address. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined
}

export function taxiiListening({ listen, tls }: TaxiiConfig, home: string): TaxiiListening | undefined {
  if (listen === '') return undefined
  const files = { cert: resolve(home, tls.cert), key: resolve(home, tls.key) }
  return { listen, tls: tls.cert === '' ? undefined : files }
}
