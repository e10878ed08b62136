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

/** The same on the thread pool, with more in flight than there are cores. */
export async function measureVerifyOnAllCores(milliseconds = 2_000, messageBytes = 500): Promise<number> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const message = randomBytes(messageBytes)
  const signature = sign(null, message, privateKey)
  const started = performance.now()
  let checked = 0
  const check = () =>
    new Promise<boolean>((resolve, reject) => {
      verify(null, message, publicKey, signature, (error, valid) => (error === null ? resolve(valid) : reject(error)))
    })
  const work = async () => {
    while (performance.now() - started < milliseconds) {
      if (!(await check())) throw new Error('a good signature was refused')
      checked++
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, work))
  return (checked / (performance.now() - started)) * 1000
}

const IN_FLIGHT = 32
