import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'

/** Ed25519 signatures that one thread checks in a second with node:crypto and a key object that is made once. */
export function measureVerify(milliseconds = 2_000, messageBytes = 500): number {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const messages = Array.from({ length: 64 }, () => randomBytes(messageBytes))
  const signed = messages.map(message => ({ message, signature: sign(null, message, privateKey) }))
  let checked = 0
  const started = performance.now()
  while (performance.now() - started < milliseconds) {
    for (const { message, signature } of signed) {
      if (!verify(null, message, publicKey, signature)) throw new Error('a good signature was refused')
    }
    checked += signed.length
  }
  return (checked / (performance.now() - started)) * 1000
}
