import { concat, equalBytes, utf8 } from '../../../src/base/bytes.ts'
import { ProtocolError, StoreError } from '../../../src/base/errors.ts'
import { headBefore } from '../../../src/chain/append.ts'
import { SPACE } from '../../../src/store/keys.ts'
import { decodeLogState, encodeLogState, newLogState } from '../../../src/store/log-state.ts'
import { type MetaRows, readMetaRow } from '../../../src/store/meta.ts'
import { unpackSnappy } from '../../../src/store/snappy.ts'
import { decodeIndicator } from '../../../src/store/view-writes.ts'
import { plain } from '../../../test/support/audit-world.ts'
import { assertHolds, type Target } from '../target.ts'

const META_NAMES = ['counts', 'view', 'audit', 'format']

/** What a damaged disk gives: whoever reads it says so, and goes on. */
const meta: Target = {
  name: 'store-meta',
  form: 'bytes',
  lengthMax: 1024,
  seeds: () => META_NAMES.map(name => concat(utf8(`${name}\n`), Uint8Array.of(8, 1))),
  run(input) {
    const end = input.indexOf(0x0a)
    const name = input.subarray(0, end < 0 ? 0 : end)
    const rows: MetaRows = {}
    const read = readMetaRow(concat(Uint8Array.of(SPACE.meta), name), input.subarray(end + 1), rows)
    return `${read} ${Object.keys(rows)}`
  },
}

const logState: Target = {
  name: 'store-log',
  form: 'protobuf',
  lengthMax: 4096,
  seeds: () => [encodeLogState(newLogState(0, headBefore(plain.identity)))],
  run(input) {
    const state = unlessDamaged(() => decodeLogState(0, input))
    const again = encodeLogState(decodeLogState(0, encodeLogState(state)))
    assertHolds(equalBytes(again, encodeLogState(state)), 'a log is read as it is written')
    return 'log'
  },
}

const indicator: Target = {
  name: 'store-indicator',
  form: 'protobuf',
  lengthMax: 4096,
  seeds: () => [Uint8Array.of(8, 1, 16, 1)],
  run(input) {
    unlessDamaged(() => decodeIndicator(input))
    return 'indicator'
  },
}

/** The decoders of protobuf throw RangeError and TypeError: a damaged record, which is no fault of this program. */
function unlessDamaged<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof ProtocolError || cause instanceof StoreError) throw cause
    if (cause instanceof RangeError || cause instanceof Error)
      throw new StoreError('internal', cause.message, { cause })
    throw cause
  }
}

const snappy: Target = {
  name: 'store-snappy',
  form: 'bytes',
  lengthMax: 8192,
  seeds: () => [
    Uint8Array.of(5, 16, 1, 2, 3, 4, 5),
    Uint8Array.of(12, 0, 65, 0x1d, 1),
    Uint8Array.of(70, 4, 65, 66, 0xfe, 1, 0),
  ],
  run: input => String(unpackSnappy(input) !== undefined),
}

export const storeTargets: readonly Target[] = [meta, logState, indicator, snappy]
