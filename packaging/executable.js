/*
 * What the file of a program says of itself: for systems whose programs cannot be run where they are built.
 */

/** By this Node.js knows whether there is a program in its own file; ":1" follows where there is. */
export const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

/** By the numbers of elf.h, of Microsoft's PE format and of mach/machine.h. @type {Record<string, Record<number, string>>} */
const processors = {
  linux: { 62: 'x64', 183: 'arm64' },
  win: { 34404: 'x64', 43620: 'arm64' },
  darwin: { 16777223: 'x64', 16777228: 'arm64' },
}

/**
 * For which system and processor it is; undefined where it is no program of any that is known.
 * @param {Buffer} file
 */
export function systemOf(file) {
  if (file.length < 64) return undefined
  if (file.readUInt32BE(0) === 0x7f454c46) return named('linux', file.readUInt16LE(18))
  if (file.readUInt32LE(0) === 0xfeedfacf) return named('darwin', file.readUInt32LE(4))
  const pe = file.readUInt32LE(0x3c)
  const isWindows = file.toString('latin1', 0, 2) === 'MZ' && file.toString('latin1', pe, pe + 4) === 'PE\0\0'
  return isWindows ? named('win', file.readUInt16LE(pe + 4)) : undefined
}

/** @param {string} system @param {number} processor */
function named(system, processor) {
  return `${system}-${processors[system]?.[processor] ?? processor}`
}

/**
 * The names by which Node.js looks for the program: of a note, of a resource, of a section.
 * @type {Record<string, string | Buffer>}
 */
const labels = {
  linux: 'NODE_SEA_BLOB',
  win: Buffer.from('NODE_SEA_BLOB', 'utf16le'),
  darwin: '__NODE_SEA_BLOB',
}

/**
 * @param {Buffer} file
 * @param {string} target
 * @param {Buffer} blob
 * @throws where it is no program for the target, or does not hold this blob
 */
export function requireSingleFile(file, target, blob) {
  const found = systemOf(file)
  if (found !== target) throw new Error(`It is for ${found ?? 'no system'}, not for ${target}`)
  const [system = ''] = target.split('-')
  if (!file.includes(`${fuse}:1`))
    throw new Error('Nothing tells Node.js that there is a program in its file')
  if (!file.includes(labels[system] ?? '')) throw new Error('Node.js would not find the program in its file')
  if (!file.includes(blob)) throw new Error('The program is not whole in the file')
}
