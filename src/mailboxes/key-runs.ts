const keyRows = [
  '1234567890',
  'qwertyuiop',
  'qwertzuiop',
  'azertyuiop',
  'asdfghjkl',
  'qsdfghjklm',
  'zxcvbnm',
  'yxcvbnm',
  '1234567890qwertyuiopasdfghjklzxcvbnm',
  '1234567890qwertzuiopasdfghjklyxcvbnm',
  '1234567890azertyuiopqsdfghjklmwxcvbn',
]

/** True when every character is the neighbour of the one before it in the alphabet, among the digits or on the keyboard, always in the same direction. */
export function isRun(text: string): boolean {
  const points = [...text].map((character) => character.codePointAt(0) ?? 0)
  if (points.length < 3) return false
  const stepsBy = (step: number) =>
    points.every((point, at) => at === 0 || point - (points[at - 1] ?? 0) === step)
  const backwards = points
    .map((point) => String.fromCodePoint(point))
    .reverse()
    .join('')
  const alongKeys = keyRows.some((row) => (row + row).includes(text) || (row + row).includes(backwards))
  return stepsBy(1) || stepsBy(-1) || alongKeys
}
