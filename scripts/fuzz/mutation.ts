import { BYTE_MUTATIONS, changed, type Material, type Mutation, put } from './byte-mutation.ts'
import { mutateProtobuf } from './protobuf-mutation.ts'
import { joinRecords, splitRecords } from './records.ts'
import type { Target } from './target.ts'

const STEPS_MAX = 6
const ODD_NUMBERS = ['0', '-1', '255', '256', '4294967296', '9007199254740992', '1e999', '08', '0x10', 'NaN']
const ODD_TEXT = [
  '\u0000',
  '\ufeff',
  '\u200b',
  '\u202e',
  '\u0130',
  '\u1e9e',
  '\ud83d\ude00',
  '\u0301',
  '\u2028',
  '\uff0e',
]
const DELIMITERS = [
  ',',
  ';',
  '\t',
  '|',
  '"',
  "'",
  '\n',
  '\r\n',
  '\\',
  '[',
  ']',
  '{',
  '}',
  '(',
  ')',
  ':',
  '/',
  '.',
  '@',
  '*',
]

const encoder = new TextEncoder()

const putText = (list: readonly string[]): Mutation => {
  const encoded = list.map(text => encoder.encode(text))
  return (bytes, material) => put(bytes, material.choice.pick(encoded), material)
}

const TEXT_MUTATIONS: readonly Mutation[] = [
  ...BYTE_MUTATIONS,
  putText(ODD_TEXT),
  putText(DELIMITERS),
  putText(ODD_NUMBERS),
  function swapCase(bytes, material) {
    return changed(bytes, material, byte => (/[a-z]/i.test(String.fromCharCode(byte)) ? byte ^ 0x20 : byte))
  },
]

function mutateRecords(bytes: Uint8Array, form: Target['form'], material: Material): Uint8Array {
  const records = typeof form === 'string' ? undefined : splitRecords(bytes, form)
  if (typeof form === 'string' || records === undefined || records.length === 0) return bytes
  const { choice } = material
  const at = choice.below(records.length)
  const record = records[at]!
  const changes: readonly (() => readonly Uint8Array[])[] = [
    () => records.with(at, mutateProtobuf(record, material)),
    () => records.with(at, mutateProtobuf(record, material)),
    () => records.with(at, choice.pick(BYTE_MUTATIONS)(record, material)),
    () => records.toSpliced(at, 1),
    () => records.toSpliced(choice.below(records.length + 1), 0, record),
    () => records.with(at, records[choice.below(records.length)]!).with(choice.below(records.length), record),
  ]
  return joinRecords(bytes.subarray(0, form.headBytes), choice.pick(changes)())
}

/** One input made of another by a few changes, cut to `lengthMax`. */
export function mutate(input: Uint8Array, { form, lengthMax }: Target, material: Material): Uint8Array {
  const { choice } = material
  let bytes = input
  const steps = 1 + choice.below(choice.below(STEPS_MAX) + 1)
  for (let step = 0; step < steps; step++) {
    if (typeof form !== 'string' && !choice.oneIn(6)) bytes = mutateRecords(bytes, form, material)
    else if (form === 'protobuf' && !choice.oneIn(4)) bytes = mutateProtobuf(bytes, material)
    else bytes = choice.pick(form === 'text' ? TEXT_MUTATIONS : BYTE_MUTATIONS)(bytes, material)
    if (bytes.length > lengthMax) bytes = bytes.slice(0, lengthMax)
  }
  return bytes
}
