import { readFileSync } from 'node:fs'

/** The users whose files are believed. */
export type Owners = Pick<ReadonlySet<number>, 'has'>

/**
 * Whether a group is one user's own, as many systems give everybody one of the same name, and have folders be writable for it: nobody but
 * these users may be in it. A group that this machine's own lists do not have could have anybody in it.
 */
export function isPrivateGroup(gid: number, owners: Owners): boolean {
  // Root needs no group to write, and who else is in its group is there to share something.
  if (gid === 0) return false
  const group = rowsOf('/etc/group').find(([, , number]) => number === String(gid))
  const users = rowsOf('/etc/passwd')
  const own = users.filter(([, , , first]) => first === String(gid)).map(([name]) => name)
  if (!group || own.length === 0) return false
  const members = (group[3] ?? '').split(',').filter((name) => name !== '')
  const numbers = [...own, ...members].map((member) => users.find(([name]) => name === member)?.[2])
  return numbers.every((uid) => uid !== undefined && owners.has(Number(uid)))
}

function rowsOf(path: string): string[][] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
  } catch {
    return []
  }
}
