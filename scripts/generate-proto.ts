/**
 * Writes `src/wire/gen/NAME.ts` from each `proto/NAME.proto`: an interface and a codec a message.
 * The codecs write the canonical form of R-0.5 (defaults left out, ascending order) and, unless told to skip unknown
 * fields, refuse what they do not know. `src/wire/strict.ts` adds caps and the comparison with the re-encoded bytes.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import protobuf from 'protobufjs'

const root = join(import.meta.dirname, '..')
const target = join(root, 'src/wire/gen')

const camel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

const SCALARS: Record<string, { ts: string; zero: string; wire: number }> = {
  uint32: { ts: 'number', zero: '0', wire: 0 },
  uint64: { ts: 'number', zero: '0', wire: 0 },
  string: { ts: 'string', zero: "''", wire: 2 },
  bytes: { ts: 'Uint8Array', zero: 'EMPTY', wire: 2 },
}

interface Field {
  readonly id: number
  readonly name: string
  readonly type: string
  readonly repeated: boolean
  readonly message: boolean
}

function fieldsOf(type: protobuf.Type): Field[] {
  if (type.oneofsArray.length > 0) throw new Error(`${type.name}: oneofs are not allowed`)
  return type.fieldsArray
    .map(field => {
      if (field.map) throw new Error(`${type.name}.${field.name}: maps are not allowed`)
      const message = field.resolve().resolvedType instanceof protobuf.Type
      if (!message && !(field.type in SCALARS))
        throw new Error(`${type.name}.${field.name}: ${field.type} is not allowed`)
      return { id: field.id, name: camel(field.name), type: field.type, repeated: field.repeated, message }
    })
    .sort((a, b) => a.id - b.id)
}

const tag = (field: Field, wire: number) => (field.id << 3) | wire
const packed = (field: Field) => field.repeated && !field.message && SCALARS[field.type]!.wire === 0

function tsType(field: Field): string {
  const base = field.message ? field.type : SCALARS[field.type]!.ts
  if (field.repeated) return `readonly ${base}[]`
  return field.message ? `${base} | undefined` : base
}

function encodeLine(field: Field): string {
  const value = `m.${field.name}`
  if (field.message) {
    const write = (v: string) => `${field.type}.encode(${v}, w.uint32(${tag(field, 2)}).fork()).ldelim()`
    return field.repeated ? `for (const x of ${value}) ${write('x')}` : `if (${value} !== undefined) ${write(value)}`
  }
  const { wire } = SCALARS[field.type]!
  if (packed(field)) {
    return `if (${value}.length > 0) { w.uint32(${tag(field, 2)}).fork(); for (const x of ${value}) w.${field.type}(x); w.ldelim() }`
  }
  if (field.repeated) return `for (const x of ${value}) w.uint32(${tag(field, wire)}).${field.type}(x)`
  const present = wire === 2 ? `${value}.length > 0` : `${value} !== 0`
  return `if (${present}) w.uint32(${tag(field, wire)}).${field.type}(${value})`
}

function decodeCase(field: Field): string {
  const scalar = field.type === 'uint64' ? 'readUint64(r)' : `r.${field.type}()`
  const read = field.message ? `${field.type}.decode(r, r.uint32() + r.pos, lenient)` : scalar
  if (packed(field)) {
    return `case ${tag(field, 2)}: { const stop = r.uint32() + r.pos; while (r.pos < stop) m.${field.name}.push(${read}); break }`
  }
  const wire = field.message ? 2 : SCALARS[field.type]!.wire
  const store = field.repeated ? `m.${field.name}.push(${read})` : `m.${field.name} = ${read}`
  return `case ${tag(field, wire)}: ${store}; break`
}

function messageSource(type: protobuf.Type): string {
  const fields = fieldsOf(type)
  const zero = (f: Field) => (f.repeated ? '[]' : f.message ? 'undefined' : SCALARS[f.type]!.zero)
  const mutable = (f: Field) => `${f.name}: ${tsType(f).replace('readonly ', '')}`
  return `
export interface ${type.name} {
${fields.map(f => `  readonly ${f.name}: ${tsType(f)}`).join('\n')}
}

export const ${type.name}: Codec<${type.name}> = {
  name: '${type.name}',
  empty: () => ({ ${fields.map(f => `${f.name}: ${zero(f)}`).join(', ')} }),
  encode(m: ${type.name}, w: Writer): Writer {
${fields.map(f => `    ${encodeLine(f)}`).join('\n')}
    return w
  },
  decode(r: Reader, end: number, lenient: boolean): ${type.name} {
    const m: { ${fields.map(mutable).join('; ')} } = { ${fields.map(f => `${f.name}: ${zero(f)}`).join(', ')} }
    while (r.pos < end) {
      const tag = r.uint32()
      switch (tag) {
${fields.map(f => `        ${decodeCase(f)}`).join('\n')}
        default: skipUnknown(r, tag, lenient)
      }
    }
    return m
  },
}
`
}

function generate(file: string): void {
  const { root: schema } = protobuf.parse(readFileSync(join(root, 'proto', file), 'utf8'), { keepCase: true })
  schema.resolveAll()
  const types: protobuf.Type[] = []
  const visit = (space: protobuf.NamespaceBase) => {
    for (const nested of space.nestedArray) {
      if (nested instanceof protobuf.Type) types.push(nested)
      else if (nested instanceof protobuf.Namespace) visit(nested)
    }
  }
  visit(schema)
  const source = `// Generated by scripts/generate-proto.ts from proto/${file}. Do not edit.
import type { Reader, Writer } from 'protobufjs/minimal.js'
import { EMPTY } from '../../base/bytes.ts'
import { type Codec, readUint64, skipUnknown } from '../codec.ts'
${types.map(messageSource).join('')}`
  mkdirSync(target, { recursive: true })
  writeFileSync(join(target, file.replace(/\.proto$/, '.ts')), source)
}

for (const file of readdirSync(join(root, 'proto'))) if (file.endsWith('.proto')) generate(file)
