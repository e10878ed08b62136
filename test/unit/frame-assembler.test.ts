import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat, u32be } from '../../src/base/bytes.ts'
import { FrameAssembler } from '../../src/wire/frame-assembler.ts'

const framed = (frames: readonly Uint8Array[]) => concat(...frames.flatMap(frame => [u32be(frame.length), frame]))

function takeAll(assembler: FrameAssembler): Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let frame = assembler.take(); frame !== null; frame = assembler.take()) frames.push(frame)
  return frames
}

describe('frame assembler', () => {
  it('gives back the same frames however the bytes are cut', () => {
    const frames = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 })
    fc.assert(
      fc.property(frames, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (sent, cuts) => {
        const assembler = new FrameAssembler(40)
        const bytes = framed(sent)
        const received: Uint8Array[] = []
        for (let at = 0; at < bytes.length; ) {
          const length = cuts.next().value as number
          assembler.push(bytes.subarray(at, at + length))
          received.push(...takeAll(assembler))
          at += length
        }
        expect(received.map(frame => [...frame])).toEqual(sent.map(frame => [...frame]))
        expect(assembler.heldBytes).toBe(0)
        expect(assembler.within).toBe(false)
      }),
    )
  })

  it('refuses a frame over the cap by its header alone', () => {
    const assembler = new FrameAssembler(100)
    expect(() => assembler.push(u32be(101))).toThrow(expect.objectContaining({ code: 'frame-too-large' }))
  })

  it('knows when it is within a frame', () => {
    const assembler = new FrameAssembler(100)
    assembler.push(Uint8Array.of(0, 0))
    expect(assembler.within).toBe(true)
    assembler.push(Uint8Array.of(0, 1, 7))
    expect(assembler.within).toBe(false)
    expect(assembler.take()).toEqual(Uint8Array.of(7))
  })

  it('counts memory for empty frames too', () => {
    const assembler = new FrameAssembler(100)
    assembler.push(new Uint8Array(4 * 1_000))
    expect(assembler.heldBytes).toBeGreaterThan(100_000)
    expect(takeAll(assembler)).toHaveLength(1_000)
  })

  it('does not keep the chunks alive that it was given', () => {
    const assembler = new FrameAssembler(100)
    const chunk = framed([Uint8Array.of(1, 2, 3)])
    assembler.push(chunk)
    chunk.fill(0)
    expect(assembler.take()).toEqual(Uint8Array.of(1, 2, 3))
  })
})
