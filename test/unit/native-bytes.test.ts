import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { equalBytes, toHex, u64be, useNativeBytes } from '../../src/base/bytes.ts'
import { installNative } from '../../src/crypto/native.ts'

const bytes = fc.uint8Array({ maxLength: 300 })
const portable = {
  equal: (a: Uint8Array, b: Uint8Array) => a.every((byte, i) => byte === b[i]),
  hex: (all: Uint8Array) => [...all].map(byte => byte.toString(16).padStart(2, '0')).join(''),
}

afterAll(installNative)

/** The results with the machine's routines and with the plainest ones there are. */
function both<T>(work: () => T): [native: T, plain: T] {
  installNative()
  const native = work()
  useNativeBytes(portable)
  return [native, work()]
}

test('the machine compares bytes as the portable code does, views of other buffers too', () => {
  fc.assert(
    fc.property(bytes, bytes, fc.nat(20), (a, b, skip) => {
      for (const other of [b, a.slice(), a.subarray(Math.min(skip, a.length))]) {
        const [native, plain] = both(() => equalBytes(a, other))
        expect(native).toBe(plain)
      }
    }),
  )
})

test('the machine writes hex as the portable code does, of views too', () => {
  fc.assert(
    fc.property(bytes, fc.nat(20), (a, skip) => {
      const [native, plain] = both(() => toHex(a.subarray(Math.min(skip, a.length))))
      expect(native).toBe(plain)
    }),
  )
})

test('eight bytes are written as DataView writes them', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), value => {
      const view = new DataView(new ArrayBuffer(8))
      view.setBigUint64(0, BigInt(value))
      expect(u64be(value)).toEqual(new Uint8Array(view.buffer))
    }),
  )
})
