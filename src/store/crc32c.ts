/** CRC-32C (Castagnoli), which LevelDB protects its blocks and records with; node:zlib has only the other CRC-32. */

const POLYNOMIAL = 0x82f63b78
const SLICES = 4

/** Table `i` advances the checksum of a byte over `i` further zero bytes. */
const TABLES: readonly Uint32Array[] = makeTables()

function makeTables(): Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0)
    return crc >>> 0
  })
  const tables = [first]
  for (let i = 1; i < SLICES; i++) {
    tables.push(tables[i - 1]!.map(crc => (crc >>> 8) ^ first[crc & 0xff]!))
  }
  return tables
}

/** Of `bytes`; `before` is the checksum of what comes before them. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const [t0, t1, t2, t3] = TABLES as [Uint32Array, Uint32Array, Uint32Array, Uint32Array]
  let crc = ~before
  let i = 0
  for (; i + SLICES <= bytes.length; i += SLICES) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    crc = t3[crc & 0xff]! ^ t2[(crc >>> 8) & 0xff]! ^ t1[(crc >>> 16) & 0xff]! ^ t0[crc >>> 24]!
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]!) & 0xff]!
  return ~crc >>> 0
}

/** As LevelDB keeps it, so that a checksum of bytes that hold checksums means something. */
export function maskedCrc32c(bytes: Uint8Array, before = 0): number {
  const crc = crc32c(bytes, before)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}
