/** The one of `names` that a mistyped name most likely means, capitals or not; undefined when none is near. */
export function closestName(mistyped: string, names: readonly string[]): string | undefined {
  const wanted = mistyped.toUpperCase()
  let best: string | undefined
  let least = Math.floor(wanted.length / 4) + 1
  for (const name of names) {
    const distance = editDistance(wanted, name.toUpperCase(), least)
    if (distance < least) {
      best = name
      least = distance
    }
  }
  return best
}

/** Letters to insert, delete, replace or swap with their neighbour; `limit` when there are at least so many. */
function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) >= limit) return limit
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1]
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      current[column] = Math.min(
        (last[column] ?? limit) + 1,
        (current[column - 1] ?? limit) + 1,
        (last[column - 1] ?? limit) + (same ? 0 : 1),
        swapped ? (beforeLast[column - 2] ?? limit) + 1 : limit,
      )
    }
    beforeLast = last
    last = current
  }
  return Math.min(last[right.length] ?? limit, limit)
}
