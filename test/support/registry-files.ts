import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeAllianceFile } from '../../src/node/home/alliance-file.ts'
import { encodeSignedDoc, type ParsedSignedDoc } from '../../src/registry/signed-doc.ts'

/** Alliances made of documents alone, as files and homes. */

export interface WithDocument {
  readonly signed: ParsedSignedDoc
}

export function writeAlliance(path: string, documents: readonly WithDocument[]): void {
  writeFileSync(path, encodeAllianceFile({ documents: documents.map(({ signed }) => encodeSignedDoc(signed)) }))
}

/** A home that holds the alliance and no keys: enough for every command that reads or proposes. */
export function writeHome(path: string, documents: readonly WithDocument[]): void {
  mkdirSync(path, { mode: 0o700 })
  writeFileSync(join(path, 'config.yaml'), 'nation: AAA\n')
  writeAlliance(join(path, 'alliance.tocsin'), documents)
}
