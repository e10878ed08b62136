import { fromUtf8 } from '../../base/bytes.ts'
import type { UserError } from '../../base/errors.ts'

/** The files that people hand to each other, each JSON that names its format, and what each is for. */
const PURPOSES = {
  'tocsin-alliance/1': 'an alliance file, for "tocsin alliance apply"',
  'tocsin-proposal/1': 'a proposal, for "tocsin alliance sign"',
  'tocsin-signature/1': 'a signature, for "tocsin alliance assemble"',
  'tocsin-nation/1': 'the request of a nation, for "tocsin alliance found" or "alliance propose"',
  'tocsin-node/1': 'the request of a further node, for "tocsin nation add-node"',
  'tocsin-root/1': 'a further root key, for "tocsin nation root"',
} as const

const KEY_FILE = '-----BEGIN AGE ENCRYPTED FILE-----'

/**
 * The JSON of a file of this format. `refuse` makes the error from what the file is or does instead, as in "it is no
 * JSON": people mistake one file for another more often than a file is damaged.
 */
export function parseSharedFile(
  bytes: Uint8Array,
  format: keyof typeof PURPOSES,
  refuse: (what: string) => UserError,
): unknown {
  const json = parseJson(bytes, refuse)
  const found = typeof json === 'object' && json !== null && 'format' in json ? json.format : undefined
  if (found === format) return json
  const purpose = Object.entries(PURPOSES).find(([name]) => name === found)?.[1]
  throw refuse(purpose === undefined ? `is not of the format ${format}` : `is ${purpose}`)
}

function parseJson(bytes: Uint8Array, refuse: (what: string) => UserError): unknown {
  try {
    return JSON.parse(fromUtf8(bytes))
  } catch {
    const isKeyFile = Buffer.from(bytes.subarray(0, KEY_FILE.length)).toString('latin1') === KEY_FILE
    throw refuse(isKeyFile ? 'is a key file under a passphrase, which nobody is to be sent' : 'is no JSON')
  }
}
