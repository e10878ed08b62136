import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from 'hono'
import { UserError } from '../base/errors.ts'
import { fillWhole } from '../node/home/home.ts'

/** A body that is too long to hold, as a file; it is gone when this is disposed of. */
export interface SpooledBody extends AsyncDisposable {
  readonly path: string
}

/** Far more than the ciphertext that an alliance exchanges in years. */
const BODY_BYTES_MAX = 256 * 1024 ** 3

/**
 * One at a time in a folder; what a run that ended has left there is replaced. Throws UserError `api-content-type`,
 * `api-body-too-large` or `file-unwritable`, such as where the disk is full.
 */
export async function spoolBody(c: Context, folder: string): Promise<SpooledBody> {
  if (c.req.header('content-type') !== 'application/octet-stream') {
    throw new UserError('api-content-type', 'the body is said to be something else than a file', {
      fix: 'Send it with Content-Type: application/octet-stream.',
    })
  }
  const path = join(folder, 'bundle.spool')
  let length = 0
  await fillWhole(
    path,
    async write => {
      for await (const chunk of c.req.raw.body ?? []) {
        length += chunk.length
        if (length > BODY_BYTES_MAX) throw tooLarge()
        await write(chunk)
      }
    },
    { replace: true },
  )
  return { path, [Symbol.asyncDispose]: () => rm(path, { force: true }) }
}

function tooLarge(): UserError {
  return new UserError('api-body-too-large', `the body has more than ${BODY_BYTES_MAX} bytes`, {
    data: { bytesMax: BODY_BYTES_MAX },
  })
}
