// The inner side of a worker process: one job a process message, one answer each.

/** @param {Record<string, (job: any) => any>} jobs by the name in `do` */
export function answerJobs(jobs) {
  process.on('message', async (/** @type {any} */ job) => {
    try {
      process.send?.((await /** @type {any} */ (jobs)[job.do](job)) ?? {})
    } catch (error) {
      process.send?.({ error: String(error) })
    }
  })
  process.on('disconnect', () => process.exit())
}
