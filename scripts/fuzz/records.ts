/** Bytes that are a row of records, each after its length. */
export interface RecordsForm {
  readonly kind: 'records'
  /** Bytes before the first record. */
  readonly headBytes: number
}

const LENGTH_BYTES = 4

/** Undefined where the lengths do not fit. */
export function splitRecords(bytes: Uint8Array, { headBytes }: RecordsForm): Uint8Array[] | undefined {
  const records: Uint8Array[] = []
  let at = headBytes
  while (at < bytes.length) {
    if (at + LENGTH_BYTES > bytes.length) return undefined
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at)
    at += LENGTH_BYTES
    if (at + length > bytes.length) return undefined
    records.push(bytes.subarray(at, at + length))
    at += length
  }
  return records
}

export function joinRecords(head: Uint8Array, records: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(
    Buffer.concat([
      head,
      ...records.flatMap(record => {
        const length = Buffer.alloc(LENGTH_BYTES)
        length.writeUInt32BE(record.length)
        return [length, record]
      }),
    ]),
  )
}
