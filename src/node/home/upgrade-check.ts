import { readStoredFormat, STORE_FORMAT } from '../../store/format.ts'
import { storeSize } from '../../store/room.ts'
import { VERSION } from '../mechanisms/version.ts'
import type { Home } from './home.ts'

export interface UpgradeCheck {
  /** This version. */
  readonly program: string
  /** Of the store in the home; undefined where there is none. */
  readonly format: number | undefined
  /** The newest that this version knows. */
  readonly known: number
  /** What starting it would do to the store; 'view': computes anew what is derived from it, beside what there is. */
  readonly migration: 'none' | 'view' | 'refused'
  readonly bytesNeeded: number
  readonly bytesFree: number
  /** Whether a version that knows only the store's format can still open it afterwards. */
  readonly downgrade: 'possible' | 'impossible'
}

/** Reads the format and changes nothing. The daemon may run. Throws StoreError `store-damaged`. */
export async function checkUpgradeOf({ data, path }: Home): Promise<UpgradeCheck> {
  const format = await readStoredFormat(data)
  const isNewer = format !== undefined && format > STORE_FORMAT
  const isOlder = format !== undefined && format < STORE_FORMAT
  const { bytes, freeBytes } = await storeSize(format === undefined ? path : data)
  return {
    program: VERSION,
    format,
    known: STORE_FORMAT,
    migration: isNewer ? 'refused' : isOlder ? 'view' : 'none',
    bytesNeeded: isOlder ? bytes : 0,
    bytesFree: freeBytes,
    downgrade: isNewer || isOlder ? 'impossible' : 'possible',
  }
}
