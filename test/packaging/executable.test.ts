import { expect, it } from 'vitest'
import { fuse, requireSingleFile, systemOf } from '../../packaging/executable.js'

/** The part of each kind of file that says what it is for. */
function header(kind: 'elf' | 'pe' | 'mach-o', processor: number): Buffer {
  const file = Buffer.alloc(512)
  if (kind === 'elf') {
    file.write('\x7fELF')
    file.writeUInt16LE(processor, 18)
  } else if (kind === 'pe') {
    file.write('MZ')
    file.writeUInt32LE(0x80, 0x3c)
    file.write('PE\0\0', 0x80)
    file.writeUInt16LE(processor, 0x84)
  } else {
    file.writeUInt32LE(0xfeedfacf, 0)
    file.writeUInt32LE(processor, 4)
  }
  return file
}

it.each([
  ['elf', 0x3e, 'linux-x64'],
  ['elf', 0xb7, 'linux-arm64'],
  ['pe', 0x8664, 'win-x64'],
  ['mach-o', 0x100000c, 'darwin-arm64'],
  ['mach-o', 0x1000007, 'darwin-x64'],
  ['elf', 0x28, 'linux-40'],
] as const)('a file says what it is for: %s %i', (kind, processor, system) => {
  expect(systemOf(header(kind, processor))).toBe(system)
})

it('what is no program is for no system', () => {
  expect(systemOf(Buffer.from('#!/bin/sh\n'))).toBe(undefined)
  expect(systemOf(Buffer.alloc(512))).toBe(undefined)
})

it('a single file is for its target, is marked, and holds the program whole', () => {
  const blob = Buffer.from('the program')
  const mark = Buffer.from(`${fuse}:1`)
  const file = (...parts: (string | Buffer)[]) =>
    Buffer.concat([header('pe', 0x8664), ...parts.map((part) => Buffer.from(part))])
  const label = Buffer.from('NODE_SEA_BLOB', 'utf16le')
  requireSingleFile(file(mark, label, blob), 'win-x64', blob)
  for (const [wrong, target, why] of [
    [file(mark, label, blob), 'linux-x64', 'It is for win-x64, not for linux-x64'],
    [file(`${fuse}:0`, label, blob), 'win-x64', 'Nothing tells Node.js'],
    [file(mark, 'NODE_SEA_BLOB', blob), 'win-x64', 'would not find'],
    [file(mark, label, 'the prog'), 'win-x64', 'not whole'],
  ] as const)
    expect(() => requireSingleFile(wrong, target, blob)).toThrow(why)
})
