/** The most that the memory of this process grows, in octets, while something happens. */
export async function memoryGrowth(happens: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage.rss()
  let most = before
  const sample = () => {
    most = Math.max(most, process.memoryUsage.rss())
  }
  const timer = setInterval(sample, 10)
  try {
    await happens()
  } finally {
    clearInterval(timer)
  }
  sample()
  return most - before
}
